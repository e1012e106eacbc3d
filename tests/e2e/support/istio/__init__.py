"""What istiod does, as far as a test needs it: from Istio's objects to the configuration of a proxy.

The shapes are those of istiod 1.31 (`pilot/pkg/networking/core`), the merging is that of
`pilot/pkg/networking/core/envoyfilter` and `pkg/proto/merge`. Filters of Istio's own, which official
builds of Envoy have not, are left out.
"""
