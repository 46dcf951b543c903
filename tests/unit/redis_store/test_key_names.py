from support.verifications import IDS, OTHER_PHONE, PHONE

from otp_service.redis_store.key_names import (
    charge_name,
    chat_key,
    key_use_key,
    log_key,
    owners_key,
    record_key,
)


def test_keys_of_one_number_share_its_hash_tag() -> None:
    first, second = IDS.new(PHONE), IDS.new(PHONE)

    assert record_key(first) == f"otp1:{{{first.number_tag}}}:v:{first.random}"
    assert log_key(first, "shop") == f"otp1:{{{first.number_tag}}}:n:shop"
    assert owners_key(first, "shop") == f"otp1:{{{first.number_tag}}}:o:shop"
    assert first.number_tag == second.number_tag
    assert record_key(first) != record_key(second)


def test_numbers_and_applications_have_logs_of_their_own() -> None:
    vid = IDS.new(PHONE)

    names = {log_key(vid, "shop"), log_key(vid, "bank"), log_key(IDS.new(OTHER_PHONE), "shop")}

    assert len(names) == 3


def test_id_a_caller_knows_is_in_no_key() -> None:
    vid = IDS.new(PHONE)

    assert vid.text[22:] not in record_key(vid) + log_key(vid, "shop")


def test_charge_is_a_part_of_the_id_s_random_characters() -> None:
    vid = IDS.new(PHONE)

    assert charge_name(vid) == vid.random[:11]


def test_chat_is_in_its_numbers_slot_and_names_no_application() -> None:
    tag = IDS.number_tag(PHONE)

    assert chat_key(tag) == f"otp1:{{{tag}}}:chat"
    assert tag == IDS.new(PHONE).number_tag


def test_use_of_a_key_is_in_no_number_s_slot() -> None:
    assert key_use_key("0123456789abcdef") == "otp1:k:0123456789abcdef"
