"""What of a person may be published."""

import pytest

from services.feedback.domain.masking import mask_name, mask_text


@pytest.mark.parametrize(("name", "shown"), [("张三", "张*"), ("欧阳小明", "欧*"), (" 李四 ", "李*"), ("John", "J*")])
def test_a_name_keeps_its_first_character(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13812345678。", "电话138********。"),
        ("138-1234-5678", "138-****-****"),
        ("138 1234 5678", "138 **** ****"),
        ("+86 13812345678", "+86 1**********"),
        ("13812345678", "138********"),
        ("0954-2034567", "095*-*******"),
        ("(0954)2034567", "(095*)*******"),
        ("联系电话:2034567", "联系电话:203****"),
        ("号码是2034567,谢谢", "号码是203****,谢谢"),
        ("11010519491231002X", "110***************"),
        ("110105 19491231 0021", "110*** ******** ****"),
        ("卡号6222 0212 3456 7890 123", "卡号622* **** **** **** ***"),
        ("写信到zhang.san@example.com吧", "写信到z***吧"),
        ("13812345678@139.example", "1***"),
    ],
)
def test_numbers_and_addresses_lose_most_of_theirs(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_full_width_forms_are_read_as_what_they_mean() -> None:
    wide = str.maketrans({character: chr(ord(character) + 0xFEE0) for character in "0123456789-@"})
    assert mask_text("打13812345678找我".translate(wide)) == "打138********找我"
    assert mask_text("a@b.example".translate(wide)) == "a***"


@pytest.mark.parametrize(
    "text",
    [
        "2024-09-27 14:00举行,投资12000000元",
        "宁党办〔2024〕60号",
        "第123456号提案",
        "路灯坏了3盏,拨打12345没有人接",
        "东关街100号",
    ],
)
def test_dates_sums_and_document_numbers_stay(text: str) -> None:
    assert mask_text(text) == text


def test_the_suggesters_own_name_is_masked_in_the_text() -> None:
    assert mask_text("我是张三,张三丰的邻居", name="张三") == "我是张*,张*丰的邻居"
    assert mask_text("王府井的王先生", name="王") == "王府井的王先生"
    assert mask_text("我是张三") == "我是张三"
