#!/usr/bin/python3
"""A session with boto 2, the client under most of the older tools.

It is the strictest reader: exact status codes, bare content types, every key of a vault and of a job, a checksum on every aligned
range. It takes its signing scope from the host name, so it is pointed at the real service's name and reaches ENDPOINT as its
proxy: request targets are whole URLs and Host is not the server's.
"""

import io
import os
import random
import tempfile
import warnings

for name in ("no_proxy", "NO_PROXY"):
    os.environ.pop(name, None)
os.environ["BOTO_CONFIG"] = "/dev/null"
warnings.simplefilter("ignore")

from boto.glacier.concurrent import ConcurrentUploader
from boto.glacier.exceptions import UnexpectedHTTPResponseError
from boto.glacier.layer2 import Layer2
from boto.glacier.utils import compute_hashes_from_fileobj, tree_hash_from_str

from session import ACCESS_KEY, ENDPOINT, MIB, REGION, SECRET_KEY, TAR, ok, run, same, tar_bytes, tree_hash, true, until

VAULT = "boto2.session"
KEPT = "boto2.kept"


def connect():
    host, port = ENDPOINT.split("/")[2].split(":")
    return Layer2(ACCESS_KEY, SECRET_KEY, region_name=REGION, is_secure=False, port=80, proxy=host, proxy_port=port)


def refused(what, status, code, message, call, *arguments):
    try:
        call(*arguments)
    except UnexpectedHTTPResponseError as error:
        same(what, (error.status, error.code), (status, code))
        true("%s: message in %s" % (what, error), message in str(error))
        return
    true(what + ": not refused", False)


class Session:
    def __init__(self):
        self.glacier = connect()
        self.tar = tar_bytes()
        self.book = {}
        self.folder = tempfile.TemporaryDirectory()

    def path(self, name, data=None):
        path = os.path.join(self.folder.name, name)
        if data is not None:
            with open(path, "wb") as file:
                file.write(data)
        return path

    def vaults(self):
        g = self.glacier
        self.vault = g.create_vault(VAULT)
        same("second create", g.create_vault(VAULT).creation_date, self.vault.creation_date)
        g.create_vault(KEPT)
        same("vault", (self.vault.name, self.vault.number_of_archives, self.vault.size, self.vault.last_inventory_date), (VAULT, 0, 0, None))
        names = [v.name for v in g.list_vaults()]
        true("vaults with limit=1000 %r" % names, {VAULT, KEPT} <= set(names) and names == sorted(names))
        ok("create a vault, twice; list vaults with limit=1000")

    def uploads(self):
        small = self.path("small", self.tar[: MIB + 1])
        same("boto's tree hash", tree_hash_from_str(self.tar[: MIB + 1]), tree_hash(self.tar[: MIB + 1]).encode())
        self.book[self.vault.upload_archive(small, 'one "operation"')] = self.tar[: MIB + 1]
        self.book[self.vault.concurrent_create_archive_from_file(self.path("middle", self.tar[7 : 9 * MIB]), "in threads",
                                                                 part_size=2 * MIB, num_threads=3)] = self.tar[7 : 9 * MIB]
        archive = ConcurrentUploader(self.glacier.layer1, VAULT, part_size=16 * MIB, num_threads=4).upload(TAR, "the tar")
        self.book[archive] = self.tar
        ok("upload whole, and in parts by its concurrent uploader")

    def writer(self):
        data = self.tar[: 5 * MIB + 5]
        writer = self.vault.create_archive_writer(part_size=MIB, description="piecewise")
        at = 0
        while at < len(data):
            step = random.Random(at).randrange(1, 3 * MIB)
            writer.write(data[at : at + step])
            at += step
        writer.close()
        same("tree hash of the writer", writer.current_tree_hash.hex(), tree_hash(data))
        self.book[writer.get_archive_id()] = data
        ok("upload by its writer in pieces of any size")

    def resume(self):
        """An upload that lost its client: list the parts, send the missing ones, complete."""
        data = self.tar[11 : 4 * MIB + 99]
        layer1 = self.glacier.layer1
        upload = layer1.initiate_multipart_upload(VAULT, MIB, "resumed")["UploadId"]

        def put(at):
            body = data[at : at + MIB]
            linear, tree = compute_hashes_from_fileobj(io.BytesIO(body))
            layer1.upload_part(VAULT, upload, linear, tree, (at, at + len(body) - 1), body)

        put(2 * MIB)
        put(0)
        there = {part["RangeInBytes"]: part["SHA256TreeHash"] for part in layer1.list_parts(VAULT, upload)["Parts"]}
        same("parts that are there", there, {
            "%d-%d" % (at, at + MIB - 1): tree_hash(data[at : at + MIB]) for at in (0, 2 * MIB)})
        put(MIB)
        put(3 * MIB)
        put(4 * MIB)
        answer = layer1.complete_multipart_upload(VAULT, upload, tree_hash(data), len(data))
        self.book[answer["ArchiveId"]] = data
        ok("resume an upload from its list of parts")

    def jobs(self):
        jobs = {}
        for archive in self.book:
            jobs[self.vault.retrieve_archive(archive, description="for boto").id] = archive
        until("the jobs", lambda: all(job.completed for job in self.vault.list_jobs()))
        same("completed jobs", {job.id for job in self.vault.list_jobs(completed=True, status_code="Succeeded")}, set(jobs))
        for job in self.vault.list_jobs():
            data = self.book[jobs[job.id]]
            same("size and hash of the job", (job.archive_size, job.sha256_treehash), (len(data), tree_hash(data)))
            for chunk in (4 * MIB, 128 * MIB):
                for at in range(0, len(data), chunk):
                    output = job.get_output(byte_range=(at, at + chunk - 1))
                    body = output.read()
                    true("bytes of %d from %d" % (chunk, at), body == data[at : at + chunk])
                    same("checksum of %d from %d" % (chunk, at), output["TreeHash"], tree_hash(body))
            whole = job.get_output()
            true("bytes of the whole", whole.read() == data)
            same("checksum of the whole", whole["TreeHash"], tree_hash(data))
        ok("retrieve in chunks of 4 and 128 MiB, the last beyond the end, each with its checksum")

    def inventories(self):
        job = self.vault.get_job(self.vault.retrieve_inventory(description="for boto"))
        until("the inventory", lambda: self.vault.get_job(job.id).completed)
        listed = self.vault.get_job(job.id).get_output()["ArchiveList"]
        same("inventory", {a["ArchiveId"]: (a["Size"], a["SHA256TreeHash"]) for a in listed},
             {archive: (len(data), tree_hash(data)) for archive, data in self.book.items()})
        same("descriptions", [a["ArchiveDescription"] for a in listed], ['one "operation"', "in threads", "the tar", "piecewise", "resumed"])
        ok("inventory of %d archives" % len(listed))

    def refusals(self):
        g, archive = self.glacier, next(iter(self.book))
        refused("missing vault", 404, "ResourceNotFoundException", "Vault not found for ARN", g.get_vault, "boto2.none")
        refused("full vault", 400, "InvalidParameterValueException", "Vault not empty or recently written to", g.delete_vault, VAULT)
        refused("another vault's archive", 400, "InvalidParameterValueException", "Invalid vault name",
                g.layer1.delete_archive, KEPT, archive)
        ok("errors: missing vault, full vault, another vault's archive")

    def end(self):
        for archive in self.book:
            self.vault.delete_archive(archive)
        self.vault.delete_archive(archive)
        self.vault.delete()
        refused("deleted vault", 404, "ResourceNotFoundException", "Vault not found for ARN", self.glacier.get_vault, VAULT)
        self.glacier.get_vault(KEPT).upload_archive(self.path("small"), "kept")
        self.folder.cleanup()
        ok("delete archives and the vault; leave another vault")


def main():
    s = Session()
    for step in (s.vaults, s.uploads, s.writer, s.resume, s.jobs, s.inventories, s.refusals, s.end):
        step()


if __name__ == "__main__":
    run(main)
