"""A container's health check: `python -m deploy.compose.healthy [PORT [PATH]]`, 0 when GET answers 200."""

import http.client
import sys


def main(arguments: list[str]) -> int:
    port = int(arguments[0]) if arguments else 8000
    path = arguments[1] if len(arguments) > 1 else "/readyz"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", path)
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
