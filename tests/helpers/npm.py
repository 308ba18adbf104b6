"""Packages of Node.js that tests need: installed into the build folder, and only when MUSICREC_NPM_INSTALL is set."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

BUILD = Path(__file__).parents[2] / "build"


def npm_install(home: Path, package: Mapping[str, Any], wanted: str) -> str:
    """Install what a `package.json` names into a folder; return why what is wanted is not there, "" when it is."""
    if (home / wanted).exists():
        return ""
    if not os.environ.get("MUSICREC_NPM_INSTALL"):
        return f"{home.name} is not in {home}; MUSICREC_NPM_INSTALL=1 lets the tests install it with npm"
    if not shutil.which("npm"):
        return "npm is not installed"
    BUILD.mkdir(exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
    with tempfile.TemporaryDirectory(prefix=".npm-", dir=BUILD) as work:  # other tests may install the same meanwhile
        new = Path(work) / home.name
        new.mkdir()
        (new / "package.json").write_text(json.dumps({"private": True, **package}), encoding="utf-8")
        try:
            result = subprocess.run(command, cwd=new, capture_output=True, text=True, timeout=240)
        except subprocess.TimeoutExpired:
            return f"npm took too long to install {home.name}"
        if result.returncode or not (new / wanted).exists():
            return f"npm cannot install it: {result.stderr[-200:]}"
        if not (home / wanted).exists():
            shutil.rmtree(home, ignore_errors=True)
            with suppress(OSError):  # another was faster
                new.replace(home)
    return "" if (home / wanted).exists() else f"{home} could not be put in its place"
