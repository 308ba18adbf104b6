"""Run the benchmarks: ``python -m benchmarks [NAME ...]``."""

import importlib
import os
import pkgutil
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks import Skipped
from musicrec.hardware import hardware

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def main(wanted: list[str]) -> int:
    """Print one line per ratio; the exit code says whether every goal was met."""
    modules = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    names = [name for name in modules if name != "__main__" and not name.startswith("peer_")]  # run by others
    if unknown := set(wanted) - set(names):
        print(f"no benchmark is called {', '.join(sorted(unknown))}; choose from {', '.join(names)}", file=sys.stderr)
        return 2
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "musicrec"))
    print(f"{hardware()}; {platform.system()} {platform.release()}; Python {platform.python_version()}; {packages}\n")
    missed = 0
    for name in wanted or names:
        for ratio in importlib.import_module(f"benchmarks.{name}").run():
            if isinstance(ratio, Skipped):
                print(f"skip {ratio.name}: not measured against {ratio.peer}\n     {ratio.reason}", flush=True)
                continue
            sign = "≥" if ratio.times == "faster" else "≤"
            print(f"{'ok  ' if ratio.met else 'MISS'} {ratio.name}: {ratio.value:,.2f}x (goal {sign} {ratio.goal:,g}x)")
            print(f"     ours {ratio.ours:,.4g}, {ratio.peer} {ratio.theirs:,.4g}; {ratio.note}", flush=True)
            missed += not ratio.met
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
