import pytest

from handlers.api import problems
from handlers.api.problems import Problem


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (problems.malformed("x"), 400, "malformed-request"),
        (problems.unknown_route("GET /x"), 404, "unknown-route"),
        (problems.unknown_image(), 404, "unknown-image"),
        (problems.too_large(2, 1), 413, "too-large"),
        (problems.unsupported_content_type("text/html", ["image/png"]), 415, "unsupported-content-type"),
        (problems.quota_exceeded(5, unit="images", resets_at="x", retry_after=9), 429, "quota-exceeded"),
        (problems.internal(), 500, "internal-error"),
    ],
)
def test_the_types_and_statuses_of_problems_are_stable(problem, status, code):
    document = problem.document()
    assert (document["status"], document["type"]) == (status, f"urn:image-intake:problem:{code}")
    assert document["title"].endswith((".", "again."))


def test_a_problem_without_a_detail_has_no_such_member():
    assert "detail" not in problems.unknown_image().document()


def test_a_problem_may_have_members_of_its_own():
    document = Problem(413, "too-large", "Too large.", "5 bytes", limit=4).document()
    assert (document["limit"], document["detail"]) == (4, "5 bytes")


def test_a_declared_content_type_is_not_repeated_at_any_length():
    problem = problems.unsupported_content_type("x" * 10_000, ["image/png"])
    assert len(problem.document()["detail"]) < 200
    assert "image/png" in problem.document()["detail"]
