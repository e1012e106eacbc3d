//! One request's life, without a proxy: what Envoy tells comes in as data, what Envoy is to do
//! goes out as data.
