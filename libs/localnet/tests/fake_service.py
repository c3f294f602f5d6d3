"""Stands in for a service: says that it is healthy, and writes down what it was told."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2_grpc

if __name__ == "__main__":
    told = {name: value for name, value in os.environ.items() if name.startswith("FENXIAO_")}
    Path(sys.argv[1]).write_text(json.dumps(told), encoding="utf-8")
    server = grpc.server(ThreadPoolExecutor(2))  # pyright: ignore[reportUnknownMemberType]
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    server.add_insecure_port(told["FENXIAO_SERVICE_ADDRESS"])
    server.start()
    server.wait_for_termination()
