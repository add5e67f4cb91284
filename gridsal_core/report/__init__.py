"""A session's results as one web page that needs nothing else: to read, to print, to send on."""

from gridsal_core.report.entry import REPORT_FIGURE, ReportEntry, report_entry
from gridsal_core.report.page import ReportHead, write_report

__all__ = ["REPORT_FIGURE", "ReportEntry", "ReportHead", "report_entry", "write_report"]
