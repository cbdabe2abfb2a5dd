"""The differential test of the verdicts, with as many cases as one likes."""
