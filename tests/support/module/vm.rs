//! The module in a VM of its own.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use wasmi::{
    CallHook, Caller, Config, Engine, Error, ExternType, Instance, Linker, Module, Store,
    TypedFunc, Val,
};

use super::host::{Context, Deed, Host};
use super::imports::link;
use crate::support::View;

/// The module as it is built now, once for all tests.
static MODULE: LazyLock<(Engine, Module)> = LazyLock::new(|| loaded(&Config::default()));

/// The same in an engine that meters what it does.
static METERED: LazyLock<(Engine, Module)> =
    LazyLock::new(|| loaded(Config::default().consume_fuel(true)));

fn loaded(config: &Config) -> (Engine, Module) {
    let engine = Engine::new(config);
    let bytes = std::fs::read(built()).unwrap();
    let module = Module::new(&engine, bytes).unwrap();
    (engine, module)
}

/// Builds it: cargo does nothing where nothing has changed.
fn built() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let arguments = ["build", "--locked", "--lib", "--target", "wasm32-wasip1"];
    let done = Command::new(cargo).args(arguments).current_dir(root).output().unwrap();
    assert!(
        done.status.success(),
        "the module cannot be built (`make unit` brings the target wasm32-wasip1):\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    target.join("wasm32-wasip1/debug/tradewind.wasm")
}

/// One VM.
#[derive(Debug)]
pub(crate) struct Vm {
    pub(crate) store: Store<Host>,
    instance: Instance,
    contexts: u32,
    /// Plugins that tick often: streams want to be woken.
    pub(crate) hurried: BTreeSet<u32>,
}

impl Vm {
    /// Starts a VM, as Envoy does for a worker.
    pub(crate) fn new() -> Self {
        Self::in_engine(&MODULE, None)
    }

    /// The same where [`Vm::spent`] tells.
    pub(crate) fn metered() -> Self {
        Self::in_engine(&METERED, Some(u64::MAX))
    }

    /// How much has been done in it, in the engine's own measure, and how often it has called its
    /// host.
    pub(crate) fn spent(&self) -> (u64, u32) {
        (u64::MAX - self.store.get_fuel().unwrap(), self.store.data().calls)
    }

    fn in_engine((engine, module): &(Engine, Module), fuel: Option<u64>) -> Self {
        let mut linker = Linker::new(engine);
        link(&mut linker).unwrap();
        // The SDK imports all there is: what the module may not use ends the test that uses it.
        for import in module.imports() {
            if let ExternType::Func(kind) = import.ty() {
                let unknown = format!("the module calls {}", import.name());
                let used = move |_: Caller<'_, Host>, _: &[Val], _: &mut [Val]| {
                    Err(Error::new(unknown.clone()))
                };
                // One that is linked already stays.
                drop(linker.func_new(import.module(), import.name(), kind.clone(), used));
            }
        }
        let mut store = Store::new(engine, Host::default());
        store.data_mut().now_ms = 1_700_000_000_000;
        fuel.iter().for_each(|fuel| store.set_fuel(*fuel).unwrap());
        store.call_hook(|host, hook| {
            host.calls += u32::from(matches!(hook, CallHook::CallingHost));
            Ok(())
        });
        let instance = linker.instantiate_and_start(&mut store, module).unwrap();
        let mut vm = Self { store, instance, contexts: 0, hurried: BTreeSet::new() };
        vm.call::<(), ()>("_initialize", ());
        vm
    }

    /// It is what time it is in that world, and the workers share what they share there.
    pub(crate) fn sees(&mut self, view: &View<'_>) {
        let host = self.store.data_mut();
        host.now_ms = view.world.common.now_ms();
        host.shared.clone_from(&view.world.common.shared.borrow());
    }

    /// What was shared is shared in that world.
    pub(crate) fn shows(&self, view: &View<'_>) {
        view.world.common.shared.borrow_mut().clone_from(&self.store.data().shared);
    }

    /// A plugin: its root context, and whether it takes its configuration.
    pub(crate) fn plugin(&mut self, configuration: &[u8]) -> (u32, bool) {
        let root = self.context(0);
        assert_eq!(self.call::<(u32, u32), u32>("proxy_on_vm_start", (root, 0)), 1);
        let size = u32::try_from(configuration.len()).unwrap();
        let own = configuration.to_vec();
        self.at(root).buffers.insert(7, own);
        let taken = self.call::<(u32, u32), u32>("proxy_on_configure", (root, size));
        (root, taken == 1)
    }

    /// A new context below that root; a root below 0.
    pub(crate) fn context(&mut self, root: u32) -> u32 {
        self.contexts = self.contexts.checked_add(1).unwrap();
        let id = self.contexts;
        self.store.data_mut().contexts.insert(id, Context::default());
        self.store.data_mut().current = id;
        self.call::<(u32, u32), ()>("proxy_on_context_create", (id, root));
        id
    }

    /// A context is forgotten.
    pub(crate) fn delete(&mut self, id: u32) {
        self.on::<_, ()>(id, "proxy_on_delete", id);
        self.store.data_mut().contexts.remove(&id);
    }

    /// What Envoy holds for a context.
    pub(crate) fn at(&mut self, id: u32) -> &mut Context {
        self.store.data_mut().current = id;
        self.store.data_mut().contexts.entry(id).or_default()
    }

    /// What the module has done that nobody has asked for yet.
    pub(crate) fn take_deeds(&mut self) -> Vec<Deed> {
        core::mem::take(&mut self.store.data_mut().deeds)
    }

    /// A callback, and what the module did in it.
    pub(crate) fn on<P, R>(&mut self, id: u32, name: &str, parameters: P) -> (R, Vec<Deed>)
    where
        P: wasmi::WasmParams,
        R: wasmi::WasmResults,
    {
        self.store.data_mut().current = id;
        let result = self.call(name, parameters);
        (result, self.take_deeds())
    }

    fn call<P, R>(&mut self, name: &str, parameters: P) -> R
    where
        P: wasmi::WasmParams,
        R: wasmi::WasmResults,
    {
        let function: TypedFunc<P, R> = self.instance.get_typed_func(&self.store, name).unwrap();
        let result = function.call(&mut self.store, parameters);
        result.unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
