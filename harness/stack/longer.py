"""The stacks that outlive a test: those of wider fixtures, of ``reset`` and of ``shared``."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable

from harness.plan.lives import Life, Tier
from harness.stack.registry import Registry
from harness.stack.resets import Resets
from harness.stack.stack import Stack
from harness.stack.yard import Yard


class LongerLived:
    """Finds the stack of a tier that outlives its test; makes it for the first."""

    def __init__(self, yard: Yard, stacks: list[Stack], broken: Callable[[Stack], None]) -> None:
        """Know of none.

        Args:
            yard: What stacks are made with.
            stacks: The list of all stacks of the fleet, in which new ones are entered.
            broken: Takes a stack whose state could not be put back.
        """
        self._yard = yard
        self._all = stacks
        self._stacks: dict[object, Stack] = {}
        self._tiers: dict[Stack, Tier] = {}
        self.resets = Resets(yard, self._longest_first, broken)
        self._numbers = itertools.count(1)

    def known(self, tier: Tier) -> Stack | None:
        """Return a tier's stack, if there is one."""
        return self._stacks.get(tier.key)

    def stack(self, tier: Tier) -> Stack:
        """Return a tier's stack, which may be new and empty."""
        stack = self._stacks.get(tier.key)
        if stack is None:
            stack = self._stacks[tier.key] = self._make(tier)
            self._tiers[stack] = tier
            self._all.append(stack)
        return stack

    def _longest_first(self) -> list[Stack]:
        """Return the stacks that are this process's own, each after those that it uses."""
        own = [(tier, stack) for stack, tier in self._tiers.items() if tier.life is not Life.RUN]
        own.sort(key=lambda entry: (-entry[0].life, len(entry[0].environment)))
        return [stack for _, stack in own]

    def ending(self, life: Life, node: str) -> list[Stack]:
        """Return the stacks whose life ends with a class, module or package."""
        return [s for s, tier in self._tiers.items() if (tier.life, tier.node) == (life, node)]

    def stays(self, stack: Stack) -> bool:
        """Whether a stack goes on when this process ends: kept, or used by others of the run."""
        tier = self._tiers.get(stack)
        if tier is None:
            return False
        return tier.life is Life.RUN or self._is_kept(tier)

    def is_common(self, stack: Stack) -> bool:
        """Whether all processes of the run use a stack."""
        tier = self._tiers.get(stack)
        return tier is not None and tier.life is Life.RUN

    def forget(self, stack: Stack) -> None:
        """A stack is to go: nobody gets it any more."""
        tier = self._tiers.pop(stack, None)
        if tier is not None:
            self._stacks.pop(tier.key, None)
        self.resets.forget(stack)

    def _make(self, tier: Tier) -> Stack:
        run = self._yard.run
        shared = tier.life is Life.RUN
        variant = hashlib.sha256(repr(tier.environment).encode()).hexdigest()[:6]
        suffix = f"-{variant}" if tier.environment else ""
        if self._is_kept(tier):
            whose = "shared" if shared else f"reset-{run.worker}".rstrip("-")
            name = f"{run.kept_name}-{whose}{suffix}"
            return Stack(self._yard, name, tier.environment, run.kept_name, Registry(name))
        rank = Life.RUN - tier.life
        if shared:
            name = run.stack_name(rank, f"shared{suffix}", common=True)
            return Stack(self._yard, name, tier.environment, registry=Registry(name, run.folder))
        name = run.stack_name(rank, f"{next(self._numbers)}{suffix}")
        return Stack(self._yard, name, tier.environment)

    def _is_kept(self, tier: Tier) -> bool:
        """Whether a tier's stack is left for the next run."""
        if not self._yard.run.asked_to_keep or not (tier.life is Life.RUN or tier.resets):
            return False
        if not self._yard.run.keeps:
            self._yard.warn_once(
                "--harness-keep: another run of this checkout uses the kept stacks now, so this "
                "one makes stacks of its own and removes them"
            )
        return self._yard.run.keeps
