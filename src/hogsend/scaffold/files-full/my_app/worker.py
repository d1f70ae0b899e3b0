"""The worker in a program of your own: `python -m my_app.worker`.

`hogsend worker` does the same, and writes its log as LOG_LEVEL says. Either moves whom the clock
moves, and runs the journeys; any number may share a database.
"""

import asyncio
import signal

from hogsend import create_worker

from my_app.app import client


async def main() -> None:
    """Work until told to stop (Ctrl-C, SIGTERM), then finish what is under way."""
    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    worker = create_worker(client)
    await worker.start()
    print("The worker runs.", flush=True)
    await told_to_stop.wait()
    await worker.stop()


if __name__ == "__main__":
    asyncio.run(main())
