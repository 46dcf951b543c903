from otp_service.nxcloud.reading import REASONS


def test_reasons_are_words_for_labels() -> None:
    assert len(REASONS) < 80
    assert all(reason.isascii() and len(reason) <= 20 for reason in REASONS)
