"""The memory: causal links, trials, the store that keeps them, the strategies that revise them."""
