"""Processes of this machine: started, waited for, and ended with all that came of them."""
