"""The data plane: it checks origins on the monitors' schedule and sends each request to a healthy one."""
