"""Examines hosts before anything is changed, and the platform from outside afterwards."""

from operations.doctor.command import report_of, run_doctor
from operations.doctor.examine import checks
from operations.doctor.model import Target
from operations.findings.model import Check, Report

__all__ = ["Check", "Report", "Target", "checks", "report_of", "run_doctor"]
