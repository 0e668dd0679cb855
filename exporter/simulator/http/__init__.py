"""The simulated API's sockets and HTTP messages.

- `connection`: the sockets
- `message`, `wire`: requests and replies, and their JSON
- `delivery`: how a reply is sent
"""
