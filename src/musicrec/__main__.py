"""`python -m musicrec`: the same as the command `musicrec`."""

from musicrec.cli import app

if __name__ == "__main__":
    app(prog_name="musicrec")
