"""What machine this is."""

import os

from musicrec.hardware import hardware, machine


def test_one_description_says_the_same_everywhere():
    about = machine()
    assert set(about) == {"system", "processor", "cores", "memory"} and all(about.values())
    assert about["cores"] == str(os.cpu_count())
    assert hardware() == f"{about['processor']}, {about['cores']} cores"
