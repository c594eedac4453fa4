"""Level of log records that a person at the terminal reads while jobs run: one line per result, the rest in the log."""

import logging

RESULT = logging.INFO + 5
logging.addLevelName(RESULT, "RESULT")
