import pytest

from promotions.engine.jsonpath.errors import JSONPathError
from promotions.engine.jsonpath.evaluator import find_values
from promotions.engine.jsonpath.parser import parse
from promotions.engine.jsonpath.printing import execute

SHOP = {
    "name": "corner",
    "k8s.io/zone": "north",
    "shelves": [
        {"name": "tea", "price": 2.5, "tags": ["green", "hot"], "fresh": True},
        {"name": "salt", "price": 0.5, "tags": [], "fresh": False},
        {"name": "jam", "price": 4.0, "tags": ["sweet"], "note": None},
    ],
    "counts": [10.0, 11.0, 12.0, 13.0],
}

SALT = "map[fresh:false name:salt price:0.5 tags:[]]"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("plain text", "plain text"),
        ("", ""),
        ("{.name}", "corner"),
        ("{$.name}", "corner"),
        ("{@.name}", "corner"),
        ("{ .name }", "corner"),
        ("shop {.name}!", "shop corner!"),
        ("{['name']}", "corner"),
        (r"{.k8s\.io/zone}", "north"),
        (r"{['k8s\.io/zone']}", "north"),
        ("{.shelves[0].name}", "tea"),
        ("{.shelves[0]['name']}", "tea"),
        ("{.shelves[-1].name}", "jam"),
        ("{.shelves[*].name}", "tea salt jam"),
        ("{.shelves.*.name}", "tea salt jam"),
        ("{..name}", "corner tea salt jam"),
        ("{...name}", "corner tea salt jam"),
        ("{.counts}", "[10,11,12,13]"),
        ("{.shelves[1].tags}", "[]"),
        ("{.shelves[2].note}", "<nil>"),
        ("{.shelves[0].fresh}", "true"),
        ("{.shelves[0]['name','price']}", "tea 2.5"),
        ("{.counts[0,2]}", "10 12"),
        ("{.counts[-1, 0]}", "13 10"),
        ("{\"a literal\"} {'and another'}", "a literal and another"),
        (r'{"tab\tand \u00e9"}', "tab\tand é"),
        ("{1} {-2.5} {true}", "1 -2.5 true"),
    ],
)
def test_a_path_finds_what_client_go_would_find(path: str, text: str) -> None:
    assert execute(path, SHOP) == text


@pytest.mark.parametrize(
    ("index", "text"),
    [
        ("[]", "10"),
        ("[0]", "10"),
        ("[-4]", "10"),
        ("[:]", "10 11 12 13"),
        ("[1:]", "11 12 13"),
        ("[:2]", "10 11"),
        ("[1:3]", "11 12"),
        ("[-2:]", "12 13"),
        ("[0:-1]", "10 11 12"),
        ("[::2]", "10 12"),
        ("[1::2]", "11 13"),
        ("[:4:3]", "10 13"),
        ("[0:0]", ""),
        ("[9:9]", ""),
        ("[-9:-9]", ""),
    ],
)
def test_a_slice_takes_the_elements_between_its_bounds(index: str, text: str) -> None:
    assert execute(f"{{.counts{index}}}", SHOP) == text


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("[4]", "array index out of bounds: index 4, length 4"),
        ("[-5]", "array index out of bounds: index -1, length 4"),
        ("[0:5]", "array index out of bounds: index 4, length 4"),
        ("[3:1]", "starting index 3 is greater than ending index 1"),
        ("[-1:0]", "starting index 3 is greater than ending index 0"),
        ("[0:4:0]", "step must be > 0"),
        ("[0:4:-1]", "step must be > 0"),
        ("[x]", "invalid array index x"),
        ('["name"]', 'invalid array index "name"'),
        ("[-]", "array index - is not a number"),
        ("[99999999999999999999]", "array index 99999999999999999999 is not a number"),
    ],
)
def test_a_slice_outside_the_array_is_an_error(index: str, message: str) -> None:
    with pytest.raises(JSONPathError) as raised:
        execute(f"{{.counts{index}}}", SHOP)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ('@.name == "tea"', "tea"),
        ("@.name=='tea'", "tea"),
        ('@.name != "tea"', "salt jam"),
        ("@.price > 1.0", "tea jam"),
        ("@.price >= 2.5", "tea jam"),
        ("@.price < 2.5", "salt"),
        ("@.price <= 0.5", "salt"),
        ("@.note", "jam"),
        ("@.fresh", "tea salt"),
        ("@.tags[*]", "tea jam"),
        ("@.tags[5]", "tea salt jam"),
        ("1 < 2", "tea salt jam"),
        ('@.name == "a)b"', ""),
    ],
)
def test_a_filter_keeps_the_elements_that_it_is_true_of(condition: str, names: str) -> None:
    assert execute(f"{{.shelves[?({condition})]['name']}}", SHOP) == names


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("{.nothing}", "nothing is not found"),
        ("{.}", " is not found"),
        ("{.name.first}", "first is not found"),
        ("{.name[0]}", "string is not array or slice"),
        ("{.shelves[0][0]}", "map[string]interface {} is not array or slice"),
        ("{.shelves[0].price[0]}", "float64 is not array or slice"),
        ('{.name[?(@ == "x")]}', "corner is not array or slice and cannot be filtered"),
        ("{.shelves[?(@.price > 1)]}", "incompatible types for comparison"),
        ('{.shelves[?(@.price == "1")]}', "incompatible types for comparison"),
        ("{.shelves[?(@.tags == 1.0)]}", "invalid type for comparison"),
        ("{.shelves[1][?(@.x)]}", f"{SALT} is not array or slice and cannot be filtered"),
        ("{.shelves[?(@.fresh < true)]}", "invalid type for comparison"),
        ("{.shelves[?(@.price <> 1.0)]}", "unrecognized filter operator <>"),
        ("{.shelves[?(@.* == 1.0)]}", "can only compare one element at a time"),
        ("{.shelves[?(@.fresh == true)]}", "fresh is not found"),
        ("{hello}", "unrecognized identifier hello"),
        ("{end}", "not in range, nothing to end"),
        ("{range .counts[*]}{@}{end}{end}", "not in range, nothing to end"),
    ],
)
def test_what_does_not_fit_the_data_is_an_error(path: str, message: str) -> None:
    with pytest.raises(JSONPathError) as raised:
        execute(path, SHOP)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("{.name", "unclosed action"),
        ("{.a\n}", "unclosed action"),
        ("{.a[0}", "unterminated array"),
        ('{"open}', "unterminated quoted string"),
        (r'{"\q"}', r'unquote string "\q" error invalid syntax'),
        (r'{"\ud800"}', r'unquote string "\ud800" error invalid syntax'),
        ("{.a[?(@.b}", "unterminated filter"),
        ("{.a[?(@.b)}", "unclosed array expect ]"),
        ("{.a[?(@.b =~ 'x')]}", "unrecognized character in action: U+007E '~'"),
        ("{.a[?(@.b && @.c)]}", "unrecognized character in action: U+0026 '&'"),
        ("{#}", "unrecognized character in action: U+0023 '#'"),
        ("{....a}", "invalid multiple recursive descent"),
        ("{1.2.3}", "cannot parse number 1.2.3"),
        ("{+}", "cannot parse number +"),
    ],
)
def test_a_malformed_template_is_an_error(path: str, message: str) -> None:
    with pytest.raises(JSONPathError) as raised:
        parse(path)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "{range .shelves[*]}{.name}: {.price}; {end}{.name}",
            "tea: 2.5; salt: 0.5; jam: 4; corner",
        ),
        (
            "{range .shelves[*]}{.name}({range .tags[*]}{@},{end}){end}",
            "tea(green,hot,)salt()jam(sweet,)",
        ),
        ("{range .shelves[1].tags[*]}{.nothing.there}{end}", None),
        ("{range .counts[?(@ > 11.0)]}{@} {end}", "12 13 "),
        ("{range .counts[0:2]}{@} ", "10 11  "),
    ],
)
def test_a_range_repeats_what_follows_until_its_end(path: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(JSONPathError, match="nothing is not found"):
            execute(path, SHOP)
    else:
        assert execute(path, SHOP).startswith(text.rstrip())


def test_an_empty_slice_ends_the_walk_over_its_siblings_as_in_the_original() -> None:
    found = find_values(parse("{.shelves[*].tags[*]}"), SHOP)

    assert found == [["green", "hot"]]


def test_keys_are_visited_in_order_whatever_order_they_came_in() -> None:
    assert execute("{.*}", {"b": "2", "a": "1", "c": "3"}) == "1 2 3"


def test_each_part_of_a_template_has_its_own_values() -> None:
    assert find_values(parse("{.counts[0]} and {.counts[1:3]}"), SHOP) == [
        [10.0],
        [" and "],
        [11.0, 12.0],
    ]


def test_a_null_document_holds_nothing() -> None:
    assert find_values(parse("{$}"), None) == [[None]]
    assert find_values(parse("{[0]}"), None) == [[]]
