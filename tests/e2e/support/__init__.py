"""What the tests stand on: Envoy, the simulated providers, a policy, and the way between them."""
