"""Names match the patterns of an AppProject as they do for Argo CD."""

import pytest

from promotions.engine.argocd.globs import LONGEST, fits


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*", ""),
        ("", ""),
        ("guest*", "guestbook"),
        ("https://*.example/*", "https://a.b.example/x/y"),
        ("{shop,bank}-prod", "bank-prod"),
        ("{a,{b,c}}x", "cx"),
        ("{a,b", "b"),
        ("[a-c]x", "bx"),
        ("[!a-c]x", "dx"),
        ("[abc]", "c"),
        (r"[a\]]", "]"),
        (r"a\*", "a*"),
        ("?", "é"),
        ("a,b}]", "a,b}]"),
    ],
)
def test_a_pattern_fits(pattern: str, name: str) -> None:
    assert fits(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("", "a"),
        ("guest*", "a-guestbook"),
        ("x.y", "xzy"),
        ("Guestbook", "guestbook"),
        ("{shop,bank}-prod", "shop-prod-eu"),
        ("[!ab]", "a"),
        (r"a\*", "ab"),
        # A class holds either one range or single characters, and must end.
        ("[a-c0]x", "bx"),
        ("[abc", "a"),
        ("[]", ""),
        ("*?" * LONGEST, "a"),
    ],
)
def test_a_pattern_does_not_fit(pattern: str, name: str) -> None:
    assert not fits(pattern, name)
