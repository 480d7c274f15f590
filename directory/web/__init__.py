"""The pages for people: server-rendered, plain GET, complete without script."""

from directory.web.errors import page_answer
from directory.web.site import register

__all__ = ["page_answer", "register"]
