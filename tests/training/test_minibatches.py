import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import batches_of

from overparam_sk.training import MinibatchStream


@given(
    n=st.integers(1, 40),
    B=st.integers(1, 60),
    takes=st.lists(st.integers(0, 7), min_size=1, max_size=6),
    seed=st.integers(0, 2**31 - 1),
)
def test_stream_of_permutations_cut_into_exact_batches(n, B, takes, seed):
    stream = MinibatchStream(n, B, seed)
    got = torch.cat([stream.take(t) for t in takes]).view(-1, B)

    generator = torch.Generator().manual_seed(seed)

    def permutations():
        while True:
            if n == B:
                yield list(range(n))
            else:
                yield torch.randperm(n, generator=generator).tolist()

    assert got.tolist() == batches_of(permutations(), n, B, sum(takes))


@given(n=st.integers(2, 40), B=st.integers(1, 60), epochs=st.integers(1, 4))
def test_every_epoch_holds_every_row_once(n, B, epochs):
    n_batches = -(-n * epochs // B)
    stream = MinibatchStream(n, B, seed=0).take(n_batches)[: n * epochs]
    for epoch in stream.view(epochs, n):
        assert sorted(epoch.tolist()) == list(range(n))


def test_seed_decides():
    first, same, other = (MinibatchStream(100, 10, s).take(10) for s in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
