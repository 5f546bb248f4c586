"""Our losses and advantages beside the formulas in TRL's trainers, on the same numbers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import timing
from benchmarks.peer import SCRIPTS, prepare
from pgcompanion import language
from pgcompanion.objectives import clipped, ratio

Arrays = dict[str, np.ndarray]
TRL_EPSILON = 1e-4  # what TRL adds to a standard deviation


def tables(peers: bool = False) -> Iterator[str]:
    if peers:
        yield against_trl(given(np.random.default_rng(0)))


def given(rng: np.random.Generator) -> Arrays:
    """Rewards of groups, tokens of responses under three policies, and log-ratios of pairs."""
    M, G, T = 4, 6, 9
    N = M * G
    old = np.log(rng.uniform(0.05, 0.9, (N, T)))
    new, ref = (old + 0.3 * rng.normal(size=(N, T)) for _ in range(2))
    lengths = rng.integers(1, T + 1, N)
    return {
        "r": rng.integers(0, 2, (M, G)) * 1.0,
        "old": old,
        "new": new,
        "ref": ref,
        "mask": (np.arange(T) < lengths[:, None]) * 1.0,
        "A": rng.normal(size=N),
        "eps": np.array(0.2),
        "chosen": rng.normal(size=N),
        "rejected": rng.normal(size=N),
        "beta": np.array(0.3),
    }


def ours(x: Arrays) -> Arrays:
    """The same quantities by this package, brought to TRL's sign and scale."""
    mask = x["mask"].astype(bool)
    u, A = ratio(x["new"], x["old"]), x["A"][:, None]
    gains = np.where(mask, clipped(u, A, float(x["eps"])), 0.0).sum(axis=1)
    sigma = x["r"].std(axis=1, ddof=1, keepdims=True)
    # What multiplies the score of a token when an estimate of its divergence is differentiated.
    _, k2, k3 = language.kl_loss_coefficients(x["new"], x["ref"])
    tokens = x["mask"].sum()
    divided = language.group_advantage(x["r"], std=True, ddof=1)
    return {
        "grpo_group": divided * sigma / (sigma + TRL_EPSILON),
        "grpo_none": language.group_advantage(x["r"]),
        "rloo": language.leave_one_out(x["r"]),
        "loss_grpo": -(language.per_response(mask) * gains).mean(),
        "loss_dr_grpo": -(language.whole(mask) * gains).mean() / mask.shape[1],
        "loss_dapo": -(language.per_token(mask) * gains).mean(),
        "loss_gspo": -language.sequence_ratio_surrogate(
            x["new"], x["old"], x["A"], mask, per_length=True
        ),
        "kl": k3 * x["mask"] / tokens,
        "kl_corrected": k2 * x["mask"] / tokens,
        "dpo": language.dpo_loss(x["chosen"], x["rejected"], float(x["beta"])),
    }


SAYS = {
    "grpo_group": "advantage, divided by σ with G − 1, plus 10⁻⁴",
    "grpo_none": "advantage, not divided",
    "rloo": "advantage, leave one out",
    "loss_grpo": "loss, mean over each response",
    "loss_dr_grpo": "loss, sum over the longest length",
    "loss_dapo": "loss, mean over all tokens",
    "loss_gspo": "loss, root of the ratio",
    "kl": "gradient of the KL term: that of k₃",
    "kl_corrected": "the same, times the ratio: that of k₂",
    "dpo": "loss of each pair",
}


def against_trl(x: Arrays) -> str:
    with TemporaryDirectory() as folder:
        asked, said = Path(folder) / "asked.npz", Path(folder) / "said.npz"
        np.savez(asked, **x)  # type: ignore[arg-type]
        subprocess.run([prepare(), SCRIPTS / "trl_formulas.py", asked, said], check=True)
        theirs = dict(np.load(said))
    rows = [
        [SAYS[name], f"{np.abs(theirs[name]).max():.3f}", f"{np.abs(theirs[name] - y).max():.0e}"]
        for name, y in ours(x).items()
    ]
    title = f"Formulas of TRL {theirs['version']} and ours, on the same numbers"
    return timing.table(title, ["", "largest entry", "largest difference"], rows)
