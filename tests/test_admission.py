"""How many may be in."""

import pytest

from streamer.admission import Admission
from streamer.errors import Code, MessageError


def test_the_last_place_is_given_and_no_more() -> None:
    admission = Admission()
    with admission.webcams.hold(2), admission.webcams.hold(2):
        with pytest.raises(MessageError, match="full") as caught, admission.webcams.hold(2):
            pass
        assert "Try again in 10 s" in str(caught.value)
        assert caught.value.code is Code.FULL
        assert caught.value.fatal
    assert admission.webcams.taken == 0


def test_a_place_is_free_again_after_a_failure() -> None:
    admission = Admission()
    with pytest.raises(RuntimeError), admission.webcams.hold(1):
        raise RuntimeError
    with admission.webcams.hold(1):
        assert admission.webcams.taken == 1
