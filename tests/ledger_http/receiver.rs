//! A receiver of alerts that answers as it is told, or does not.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a receiver does with each request, the last for all further ones.
#[derive(Debug, Clone, Copy)]
pub(super) enum Does {
    /// Answers with that status.
    Says(u16),
    /// Reads, and says nothing for a minute.
    Hangs,
}

pub(super) struct Receiver {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Delivered>>>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Delivered {
    pub(super) head: String,
    pub(super) body: String,
}

impl Delivered {
    pub(super) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map_or("", |(_, value)| value)
    }
}

impl Receiver {
    pub(super) fn new(plan: &[Does]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (plan, log) = (plan.to_vec(), Arc::clone(&seen));
        std::thread::spawn(move || {
            for (at, stream) in listener.incoming().flatten().enumerate() {
                let does = plan.get(at).or(plan.last()).copied().unwrap();
                let log = Arc::clone(&log);
                std::thread::spawn(move || serve(stream, does, &log));
            }
        });
        Self { url, seen }
    }

    pub(super) fn seen(&self) -> Vec<Delivered> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, does: Does, log: &Mutex<Vec<Delivered>>) {
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    let whole = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        (body.len() >= length.parse().unwrap()).then(|| (head.to_owned(), body.to_owned()))
    };
    let (head, body) = loop {
        if let Some(found) = whole(&text) {
            break found;
        }
        let Ok(read @ 1..) = stream.read(&mut piece) else { return };
        text.push_str(std::str::from_utf8(&piece[..read]).unwrap());
    };
    log.lock().unwrap().push(Delivered { head, body });
    match does {
        Does::Says(status) => {
            let more = "location: http://127.0.0.1:1/\r\nconnection: close\r\ncontent-length: 0";
            let _ = write!(stream, "HTTP/1.1 {status} X\r\n{more}\r\n\r\n");
        }
        Does::Hangs => std::thread::sleep(Duration::from_secs(60)),
    }
}
