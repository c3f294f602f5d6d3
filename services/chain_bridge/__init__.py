"""The chain bridge: puts roots on chain, has the vault pay, and reports what the chain has made final."""
