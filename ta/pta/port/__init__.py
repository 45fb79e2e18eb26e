# SPDX-License-Identifier: BSD-2-Clause
"""Weaves the leak audit into an optee_os tree. Python 3.6 and nothing else."""
