"""What happens when something goes wrong from outside: kills, engines that stop, full disks."""
