import pytest

from otp_service.domain.file_type import FILE_TYPES, read_file_type

# As the page prints them: "odf" has no dot there.
DOCUMENTS = ".doc, .docx, .rtf, .dot, .dotx, .odt ,odf, .fodt, .txt, .info"
PDF = ".pdf, .xps, .pdax, .eps"
SPREADSHEETS = ".xls, .xlsx, .ods, .fods, .csv, .xlsm, .xltx"
PRINTED = [each.strip() for row in (DOCUMENTS, PDF, SPREADSHEETS) for each in row.split(",")]


@pytest.mark.parametrize("printed", PRINTED)
def test_type_of_the_page_is_read_as_it_is_printed(printed: str) -> None:
    assert read_file_type(printed) == printed.removeprefix(".")


@pytest.mark.parametrize("text", ["pdf", ".pdf", "PDF", ".Pdf"])
def test_case_and_leading_dot_do_not_matter(text: str) -> None:
    assert read_file_type(text) == "pdf"


@pytest.mark.parametrize("text", ["exe", "", ".", "..pdf", "pdf.", " pdf", "application/pdf"])
def test_type_that_is_not_listed_is_none(text: str) -> None:
    assert read_file_type(text) is None


def test_list_holds_the_pages_types_and_no_other() -> None:
    assert list(FILE_TYPES) == [each.removeprefix(".") for each in PRINTED]
