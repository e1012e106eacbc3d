//! What `render` has to be told of the machine that Envoy runs on, where no mesh knows it.
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use crate::companion::render::Tls;
use crate::policy::byte_size;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 10_000);
const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9901);

/// With --for envoy.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of --for envoy")]
pub(super) struct MachineArgs {
    /// Where apps connect to: 127.0.0.1:10000 where nothing is said.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Where operators connect to: 127.0.0.1:9901 where nothing is said.
    #[arg(long, value_name = "ADDR:PORT")]
    admin: Option<SocketAddr>,
    /// The certificate authorities that providers are checked by; by default the system's own.
    #[arg(long, value_name = "PATH")]
    pub(super) ca_file: Option<PathBuf>,
    /// Meet apps by TLS with this certificate, in PEM; with --tls-key.
    #[arg(long, value_name = "PATH", requires = "tls_key")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The key of that certificate.
    #[arg(long, value_name = "PATH", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    /// The authorities of apps' own certificates, for `identity[].spiffe`. Apps without one are
    /// met, too; one that is not of these is refused.
    #[arg(long, value_name = "PATH", requires = "tls_cert")]
    pub(super) client_ca: Option<PathBuf>,
    /// Write it into this folder, as `bootstrap.json` and files that Envoy watches: to change the
    /// policy of a running proxy, give the same command again.
    #[arg(long, value_name = "DIR")]
    pub(super) dynamic: Option<PathBuf>,
    /// Where the proxy finds the folder of --dynamic, if that is another place.
    #[arg(long, value_name = "DIR", requires = "dynamic")]
    pub(super) dynamic_at: Option<PathBuf>,
    /// Do not look at the module, the keys and the certificates: they are on another machine, and
    /// the paths are those over there.
    #[arg(long)]
    pub(super) no_check_files: bool,
    /// The memory of requests and answers that Envoy may hold before it refuses and resets, such
    /// as `512MiB`: 1GiB where nothing is said. The module's own memory comes on top: up to 1 GiB
    /// for each role and worker, a few MiB for most.
    #[arg(long, value_name = "SIZE", value_parser = heap)]
    max_heap: Option<u64>,
}

impl MachineArgs {
    /// How apps are met by TLS, as it was said.
    pub(super) fn tls(&self) -> Option<Tls> {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        Some(Tls {
            certificate: self.tls_cert.as_ref().map(text)?,
            key: self.tls_key.as_ref().map(text)?,
            client_authorities: self.client_ca.as_ref().map(text),
        })
    }

    pub(super) fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or(LISTEN)
    }

    pub(super) fn admin(&self) -> SocketAddr {
        self.admin.unwrap_or(ADMIN)
    }

    pub(super) fn max_heap(&self) -> u64 {
        self.max_heap.unwrap_or(1 << 30)
    }

    /// What was said and means nothing in a mesh, and what is so there.
    pub(super) fn refused_in_a_mesh(&self) -> Vec<String> {
        let said = [
            ("--listen", self.listen.is_some(), "apps call --mesh-host on port 80"),
            ("--admin", self.admin.is_some(), "each proxy has its own at 127.0.0.1:15000"),
            ("--ca-file", self.ca_file.is_some(), "a proxy trusts the authorities of its image"),
            ("--tls-cert", self.tls_cert.is_some(), "the mesh has its own certificates"),
            ("--dynamic", self.dynamic.is_some(), "istiod brings a proxy what is applied"),
            ("--no-check-files", self.no_check_files, "files of a pod are not looked at"),
            ("--max-heap", self.max_heap.is_some(), "a container's limits bound its proxy"),
        ];
        let wrong = said.into_iter().filter(|(_, given, _)| *given);
        wrong
            .map(|(option, _, so)| format!("{option}: not in a mesh, where {so}: leave it out"))
            .collect()
    }
}

/// Reads a bound of Envoy's memory. Below the least there is no room for Envoy itself.
fn heap(text: &str) -> Result<u64, String> {
    byte_size(text)
        .filter(|size| (MIN_HEAP..=MAX_HEAP).contains(size))
        .ok_or_else(|| "expected a size from 128MiB to 1024GiB, such as `1GiB`".to_owned())
}

const MIN_HEAP: u64 = 128 << 20;
const MAX_HEAP: u64 = 1 << 40;
