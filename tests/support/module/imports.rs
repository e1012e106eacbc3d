//! The functions that the module imports, in a plain wasm engine.
use wasmi::{AsContextMut, Caller, Error, Extern, Linker, Memory};

use crate::support::WALL_S;

use super::host::{BAD_ARGUMENT, Called, Deed, Host, Metric, NOT_FOUND, OK, read, written};

type Call<'c> = Caller<'c, Host>;

/// How the names of places begin that hold answers.
const ANSWERS: &str = "tw.answers.";

fn memory(caller: &Call<'_>) -> Result<Memory, Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| Error::new("the module exports no memory"))
}

fn bytes(caller: &Call<'_>, at: u32, size: u32) -> Result<Vec<u8>, Error> {
    let (at, size) = (usize::try_from(at).unwrap_or(0), usize::try_from(size).unwrap_or(0));
    let data = memory(caller)?.data(caller).get(at..at.saturating_add(size));
    data.map(<[u8]>::to_vec).ok_or_else(|| Error::new("out of the module's memory"))
}

fn text(caller: &Call<'_>, at: u32, size: u32) -> Result<String, Error> {
    Ok(String::from_utf8_lossy(&bytes(caller, at, size)?).into_owned())
}

fn put(caller: &mut Call<'_>, at: u32, data: &[u8]) -> Result<(), Error> {
    let memory = memory(caller)?;
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    memory.write(caller.as_context_mut(), at, data).map_err(|_| Error::new("out of memory"))
}

/// Hands bytes over: in memory that the module allocates, with their place and size at two more.
fn give(caller: &mut Call<'_>, data: &[u8], at: u32, size: u32) -> Result<(), Error> {
    let allocate = caller.get_export("proxy_on_memory_allocate").and_then(Extern::into_func);
    let allocate = allocate.ok_or_else(|| Error::new("the module allocates nothing"))?;
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let place = allocate.typed::<u32, u32>(&*caller)?.call(caller.as_context_mut(), length)?;
    put(caller, place, data)?;
    put(caller, at, &place.to_le_bytes())?;
    put(caller, size, &length.to_le_bytes())
}

/// Everything that the module may import.
pub(crate) fn link(linker: &mut Linker<Host>) -> Result<(), Error> {
    link_maps(linker)?;
    link_buffers(linker)?;
    link_state(linker)?;
    link_streams(linker)?;
    link_metrics(linker)?;
    link_system(linker)
}

fn link_maps(linker: &mut Linker<Host>) -> Result<(), Error> {
    linker.func_wrap(
        "env",
        "proxy_get_header_map_pairs",
        |mut caller: Call<'_>, kind: u32, at: u32, size: u32| {
            let map = caller.data_mut().context().maps.get(&kind).cloned().unwrap_or_default();
            give(&mut caller, &written(&map), at, size)?;
            Ok(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_header_map_value",
        |mut caller: Call<'_>, kind: u32, key: u32, length: u32, at: u32, size: u32| {
            let key = text(&caller, key, length)?;
            let map = caller.data_mut().context().maps.get(&kind).cloned().unwrap_or_default();
            let Some((_, value)) = map.iter().find(|(name, _)| *name == key) else {
                return Ok(NOT_FOUND);
            };
            give(&mut caller, value, at, size)?;
            Ok(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_header_map_pairs",
        |mut caller: Call<'_>, kind: u32, at: u32, size: u32| {
            let map = read(&bytes(&caller, at, size)?);
            caller.data_mut().context().maps.insert(kind, map.clone());
            caller.data_mut().does(Deed::SetMap(kind, map));
            Ok::<_, Error>(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_replace_header_map_value",
        |mut caller: Call<'_>, kind: u32, key: u32, length: u32, at: u32, size: u32| {
            let (key, value) = (text(&caller, key, length)?, bytes(&caller, at, size)?);
            let map = caller.data_mut().context().maps.entry(kind).or_default();
            map.retain(|(name, _)| *name != key);
            map.push((key.clone(), value.clone()));
            caller.data_mut().does(Deed::SetHeader(kind, key, value));
            Ok::<_, Error>(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_remove_header_map_value",
        |mut caller: Call<'_>, kind: u32, key: u32, length: u32| {
            let key = text(&caller, key, length)?;
            let map = caller.data_mut().context().maps.entry(kind).or_default();
            map.retain(|(name, _)| *name != key);
            caller.data_mut().does(Deed::RemoveHeader(kind, key));
            Ok::<_, Error>(OK)
        },
    )?;
    Ok(())
}

fn link_buffers(linker: &mut Linker<Host>) -> Result<(), Error> {
    linker.func_wrap(
        "env",
        "proxy_get_buffer_bytes",
        |mut caller: Call<'_>, kind: u32, start: u32, most: u32, at: u32, size: u32| {
            let (start, most) = (usize::try_from(start).unwrap_or(0), usize::try_from(most));
            let context = caller.data_mut().context();
            let Some(buffer) = context.buffers.get(&kind) else { return Ok(NOT_FOUND) };
            let from = buffer.get(start..).unwrap_or_default();
            let part = from.get(..most.unwrap_or(usize::MAX)).unwrap_or(from).to_vec();
            give(&mut caller, &part, at, size)?;
            Ok(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_buffer_bytes",
        |mut caller: Call<'_>, kind: u32, start: u32, length: u32, at: u32, size: u32| {
            let data = bytes(&caller, at, size)?;
            let context = caller.data_mut().context();
            let Some(buffer) = context.buffers.get_mut(&kind) else { return Ok(BAD_ARGUMENT) };
            // The module replaces all that is there, and nothing else.
            if start != 0 || usize::try_from(length).is_ok_and(|length| length < buffer.len()) {
                return Err(Error::new("a part of a body is replaced"));
            }
            buffer.clone_from(&data);
            caller.data_mut().does(Deed::SetBuffer(kind, data));
            Ok(OK)
        },
    )?;
    Ok(())
}

fn link_state(linker: &mut Linker<Host>) -> Result<(), Error> {
    linker.func_wrap(
        "env",
        "proxy_get_property",
        |mut caller: Call<'_>, path: u32, length: u32, at: u32, size: u32| {
            let path = text(&caller, path, length)?.replace('\0', ".");
            let value = caller.data_mut().context().properties.get(&path).cloned();
            let Some(value) = value else { return Ok(NOT_FOUND) };
            give(&mut caller, &value, at, size)?;
            Ok(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_property",
        |mut caller: Call<'_>, path: u32, length: u32, at: u32, size: u32| {
            let path = text(&caller, path, length)?.replace('\0', ".");
            let value = bytes(&caller, at, size)?;
            caller.data_mut().context().properties.insert(path.clone(), value.clone());
            caller.data_mut().does(Deed::SetProperty(path, value));
            Ok::<_, Error>(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_shared_data",
        |mut caller: Call<'_>, key: u32, length: u32, at: u32, size: u32, cas: u32| {
            let key = text(&caller, key, length)?;
            let record = caller.data().shared.get(&key).cloned();
            let Some((value, number)) = record else { return Ok(NOT_FOUND) };
            give(&mut caller, &value, at, size)?;
            put(&mut caller, cas, &number.to_le_bytes())?;
            Ok(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_shared_data",
        |mut caller: Call<'_>, key: u32, length: u32, at: u32, size: u32, cas: u32| {
            let (key, value) = (text(&caller, key, length)?, bytes(&caller, at, size)?);
            // An answer that is kept takes its place, whoever had it. What is counted is not lost.
            if cas == 0 && !key.starts_with(ANSWERS) {
                return Err(Error::new("a shared record is written over, whoever wrote it"));
            }
            Ok(caller.data_mut().share(key, value, cas))
        },
    )?;
    Ok(())
}

fn link_streams(linker: &mut Linker<Host>) -> Result<(), Error> {
    linker.func_wrap(
        "env",
        "proxy_send_local_response",
        |mut caller: Call<'_>,
         status: u32,
         _details: u32,
         _length: u32,
         body: u32,
         size: u32,
         headers: u32,
         length: u32,
         _grpc: i32| {
            let headers = read(&bytes(&caller, headers, length)?);
            let body = bytes(&caller, body, size)?;
            caller.data_mut().does(Deed::Reply(status, headers, body));
            Ok::<_, Error>(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_http_call",
        |mut caller: Call<'_>,
         cluster: u32,
         length: u32,
         headers: u32,
         size: u32,
         body: u32,
         body_size: u32,
         _trailers: u32,
         _trailers_size: u32,
         timeout_ms: u32,
         token: u32| {
            let cluster = text(&caller, cluster, length)?;
            if let Some(status) = caller.data().refused_clusters.get(&cluster) {
                return Ok(*status);
            }
            let headers = read(&bytes(&caller, headers, size)?);
            let body = bytes(&caller, body, body_size)?;
            let host = caller.data_mut();
            host.tokens = host.tokens.saturating_add(1);
            let own = host.tokens;
            host.does(Deed::Call(Called { cluster, headers, body, timeout_ms, token: own }));
            put(&mut caller, token, &own.to_le_bytes())?;
            Ok::<_, Error>(OK)
        },
    )?;
    linker.func_wrap("env", "proxy_continue_stream", |mut caller: Call<'_>, which: u32| {
        caller.data_mut().does(Deed::Resume(which));
        OK
    })?;
    linker.func_wrap("env", "proxy_close_stream", |mut caller: Call<'_>, which: u32| {
        caller.data_mut().does(Deed::Close(which));
        OK
    })?;
    linker.func_wrap("env", "proxy_set_effective_context", |mut caller: Call<'_>, id: u32| {
        let known = caller.data().contexts.contains_key(&id);
        if known {
            caller.data_mut().current = id;
        }
        if known { OK } else { BAD_ARGUMENT }
    })?;
    linker.func_wrap("env", "proxy_done", |mut caller: Call<'_>| {
        caller.data_mut().does(Deed::Done);
        OK
    })?;
    Ok(())
}

fn link_metrics(linker: &mut Linker<Host>) -> Result<(), Error> {
    linker.func_wrap(
        "env",
        "proxy_define_metric",
        |mut caller: Call<'_>, kind: u32, name: u32, length: u32, at: u32| {
            let name = text(&caller, name, length)?;
            let metrics = &mut caller.data_mut().metrics;
            metrics.push(match kind {
                0 => Metric::Counter(name),
                1 => Metric::Gauge(name),
                2 => Metric::Histogram(name),
                _ => return Ok(BAD_ARGUMENT),
            });
            let number = u32::try_from(metrics.len()).unwrap_or(0);
            put(&mut caller, at, &number.to_le_bytes())?;
            Ok::<_, Error>(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_increment_metric",
        |mut caller: Call<'_>, number: u32, by: i64| match caller.data().metric(number) {
            Some(Metric::Counter(name)) => {
                caller.data_mut().does(Deed::Count(name, by));
                OK
            }
            _ => BAD_ARGUMENT,
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_record_metric",
        |mut caller: Call<'_>, number: u32, value: u64| match caller.data().metric(number) {
            Some(Metric::Gauge(name)) => {
                caller.data_mut().does(Deed::Record(name, value));
                OK
            }
            Some(Metric::Histogram(name)) => {
                caller.data_mut().does(Deed::Measure(name, value));
                OK
            }
            _ => BAD_ARGUMENT,
        },
    )?;
    Ok(())
}

fn link_system(linker: &mut Linker<Host>) -> Result<(), Error> {
    linker.func_wrap(
        "env",
        "proxy_log",
        |mut caller: Call<'_>, level: u32, at: u32, size: u32| {
            let line = text(&caller, at, size)?;
            caller.data_mut().does(Deed::Log(level, line));
            Ok::<_, Error>(OK)
        },
    )?;
    linker.func_wrap("env", "proxy_get_log_level", |mut caller: Call<'_>, at: u32| {
        const INFO: u32 = 2;
        put(&mut caller, at, &INFO.to_le_bytes())?;
        Ok::<_, Error>(OK)
    })?;
    linker.func_wrap(
        "env",
        "proxy_get_current_time_nanoseconds",
        |mut caller: Call<'_>, at: u32| {
            // It stands still: nothing may be reckoned by it.
            put(&mut caller, at, &WALL_S.saturating_mul(1_000_000_000).to_le_bytes())?;
            Ok::<_, Error>(OK)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_tick_period_milliseconds",
        |mut caller: Call<'_>, ms: u32| {
            caller.data_mut().does(Deed::TickPeriod(ms));
            OK
        },
    )?;
    const WASI: &str = "wasi_snapshot_preview1";
    linker.func_wrap(
        WASI,
        "environ_sizes_get",
        |mut caller: Call<'_>, count: u32, size: u32| {
            put(&mut caller, count, &[0; 4])?;
            put(&mut caller, size, &[0; 4])?;
            Ok::<_, Error>(0)
        },
    )?;
    linker.func_wrap(WASI, "environ_get", |_: u32, _: u32| 0)?;
    linker.func_wrap(WASI, "proc_exit", |_: i32| Err::<(), _>(Error::new("the module exits")))?;
    linker.func_wrap(WASI, "fd_write", |_: u32, _: u32, _: u32, _: u32| 8)?;
    linker.func_wrap(WASI, "random_get", |mut caller: Call<'_>, at: u32, size: u32| {
        let noise = vec![7; usize::try_from(size).unwrap_or(0)];
        put(&mut caller, at, &noise)?;
        Ok::<_, Error>(0)
    })?;
    linker.func_wrap(WASI, "clock_time_get", |mut caller: Call<'_>, _: u32, _: u64, at: u32| {
        let nanos = caller.data().now_ms.saturating_mul(1_000_000);
        put(&mut caller, at, &nanos.to_le_bytes())?;
        Ok::<_, Error>(0)
    })?;
    Ok(())
}
