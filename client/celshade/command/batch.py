"""`celshade batch`: a folder of photos in as few requests as the server takes, out as ZIP or files.

One photo's failure stops no other; each is named with its reason. Ctrl-C cancels what is open.
"""

import argparse
import threading
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from celshade.client.batches import Batch
from celshade.client.client import Client
from celshade.client.errors import CelshadeError, PhotoUnreadable, UnusableSettings
from celshade.client.photo_files import size_bytes_of
from celshade.client.submission import SubmitOptions
from celshade.command.batch_download import BatchDownload, FilesDownload, ZipDownload
from celshade.command.batch_photos import BatchPhotos
from celshade.command.batch_screen import BatchScreen, open_batch_screen
from celshade.command.batch_sizes import SizedPhoto, divide_into_batches
from celshade.command.exit_codes import DONE, SOME_FAILED
from celshade.command.folders import photos_in
from celshade.command.interrupts import Stopped, first_ctrl_c_sets, interruptible_sleep
from celshade.command.json_output import print_document
from celshade.command.messages import format_duration
from celshade.command.preflight import check_server, make_directory, submit_options


class BatchRun:
    """One run over the photos of a folder.

    Args:
        client: The server.
        options: What is asked for, the same for each photo.
        photos: What is known of each photo.
        download: Where pictures go.
        screen: Where it shows itself.
        stop: Set by Ctrl-C while photos are sent; the client's pauses end then.
    """

    def __init__(
        self,
        client: Client,
        options: SubmitOptions,
        photos: BatchPhotos,
        download: BatchDownload,
        screen: BatchScreen,
        *,
        stop: threading.Event,
    ) -> None:
        self._client = client
        self._options = options
        self._photos = photos
        self._download = download
        self._screen = screen
        self._stop = stop
        self.batch_ids: list[str] = []

    def run(self, groups: list[list[SizedPhoto]]) -> None:
        """Send all batches, wait for them, and download the pictures.

        Raises:
            CelshadeError: The server can no longer be used.
            KeyboardInterrupt: Ctrl-C; open jobs have been canceled as far as the server answered.
        """
        with self._screen.running():
            try:
                for batch in self._send_all(groups):
                    self._client.batches.wait(batch.id, self._on_update)
                self._download.finish()
            except BaseException:
                self._screen.note("Stopping; open jobs are being canceled.")
                self._cancel()
                raise

    def _send_all(self, groups: list[list[SizedPhoto]]) -> list[Batch]:
        """Send all groups.

        Ctrl-C aborts an upload, and the server cancels what it has received; once all is sent, the
        response is waited for, because a batch cannot be canceled without its id.
        """
        with first_ctrl_c_sets(self._stop):
            try:
                sent = [batch for group in groups if (batch := self._send(group)) is not None]
            except Stopped:
                raise KeyboardInterrupt from None
        if self._stop.is_set():
            raise KeyboardInterrupt
        return sent

    def _send(self, group: list[SizedPhoto]) -> Batch | None:
        """Send one group as a batch; photos that cannot be read are left out."""
        while group:
            try:
                return self._submit(group)
            except PhotoUnreadable as error:  # it vanished or changed while the others were sent
                self._photos.fail(error.path, error)
                group = [photo for photo in group if photo.path != error.path]
        return None

    def _submit(self, group: list[SizedPhoto]) -> Batch:
        paths = [photo.path for photo in group]
        batch = self._client.batches.submit(paths, **self._options, on_sent=self._on_sent)
        self.batch_ids.append(batch.id)
        self._photos.add_batch(batch, paths)
        self._on_update(batch)
        return batch

    def _on_sent(self, sent_bytes: int, total_bytes: int) -> None:
        if self._stop.is_set() and sent_bytes < total_bytes:
            raise Stopped
        self._screen.sending(sent_bytes, total_bytes)

    def _on_update(self, batch: Batch) -> None:
        """Take note of how a batch stands."""
        for photo in self._photos.update(batch):
            self._download.rendered(photo)
        self._screen.rendering(self._photos.ended, len(self._photos), batch.eta_s)

    def _cancel(self) -> None:
        for batch_id in self.batch_ids:
            with suppress(CelshadeError, Stopped):
                self._client.batches.cancel(batch_id)


def batch(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """Do what `celshade batch` was asked; return its exit status.

    Raises:
        UnusableSettings: The folder, the address, the key or the target cannot be used.
        CannotSave: The target cannot be written.
        CelshadeError: The server cannot be used.
        KeyboardInterrupt: Ctrl-C.
    """
    paths, others = photos_in(options.folder, recursive=options.recursive)
    target = _zip_path(options)
    check_server(options)
    make_directory(target.parent if target else options.out)
    screen = open_batch_screen(out, errors, as_json=options.json)
    if others:
        screen.note(f"{others} other {'file' if others == 1 else 'files'} left out.")
    started_s = time.monotonic()
    stop = threading.Event()
    with Client(options.url, options.api_key, sleep=interruptible_sleep(stop)) as client:
        photos = BatchPhotos(paths, screen)
        if target:
            download: BatchDownload = ZipDownload(client, target, photos, screen)
        else:
            download = FilesDownload(client, options.out, photos, screen)
        run = BatchRun(client, submit_options(options), photos, download, screen, stop=stop)
        run.run(divide_into_batches(_sized(paths, photos), client.limits()))
    took = format_duration(time.monotonic() - started_s)
    screen.note(f"{photos.done} of {len(photos)} photos done in {took}.")
    if options.json:
        reports = [photo.as_json() for photo in photos]
        zips = [str(path) for path in download.zips]
        print_document(out, {"batches": run.batch_ids, "zips": zips, "photos": reports})
    return DONE if photos.done == len(photos) else SOME_FAILED


def _zip_path(options: argparse.Namespace) -> Path | None:
    """Choose the name of the ZIP, if it is to be one.

    Raises:
        UnusableSettings: There is a directory of that name.
    """
    path: Path | None = options.zip
    if path == Path():
        path = Path(f"{options.folder.resolve().name or 'photos'}.zip")
    if path is not None and path.is_dir():
        raise UnusableSettings(f"'{path}' is a directory; --zip takes the name of a file.")
    return path


def _sized(paths: list[Path], photos: BatchPhotos) -> list[SizedPhoto]:
    """Measure the photos; those that cannot be read are reported and left out."""
    sized = []
    for path in paths:
        try:
            sized.append(SizedPhoto(path, size_bytes_of(path)))
        except PhotoUnreadable as error:
            photos.fail(path, error)
    return sized
