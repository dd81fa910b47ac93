from hypothesis import given, strategies as st

from promotions.gateways.git import config_file

VALUES = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f\x85\u2028\u2029"))


@given(value=VALUES)
def test_what_is_written_is_read_back(value: str) -> None:
    text = config_file.render({"user": {"name": value}})

    assert config_file.read(text) == {"user": {"name": value}}


def test_a_value_cannot_start_a_line_of_its_own() -> None:
    text = config_file.render({"user": {"name": 'x"\n[core]\n\tfsmonitor = "evil'}})

    assert len(text.splitlines()) == 2
    assert config_file.read(text)["user"]["name"] == 'x"[core]\tfsmonitor = "evil'


def test_lines_of_another_hand_are_passed_over() -> None:
    text = '[submodule "x"]\n\turl = plain\n[kargo]\n\trepoDir = "/x"\n; note\n'

    assert config_file.read(text) == {"kargo": {"repoDir": "/x"}}
