#!/usr/bin/python3
"""A session with boto3: the client, then the resource API over the same vaults."""

import io
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.utils import calculate_tree_hash

import inventory
from session import (
    ACCESS_KEY, DESCRIPTIONS, ENDPOINT, MIB, REGION, SECRET_KEY,
    is_node, ok, run, same, tar_bytes, tree_hash, true, until,
)

VAULT = "boto3.session"
OTHER = "boto3.other"
KEPT = "boto3.kept"
PAGED = ["boto3.page-%02d" % n for n in range(12)]


def connect(access_key=ACCESS_KEY, secret_key=SECRET_KEY, **more):
    keys = dict(aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=REGION)
    return boto3.client("glacier", **{"endpoint_url": ENDPOINT, **keys, **more})


def refused(what, code, message, call, **arguments):
    """Checks that the call fails with the code and the message; None stands for any text."""
    try:
        call(**arguments)
    except ClientError as error:
        same(what + ": code", error.response["Error"]["Code"], code)
        if message is not None:
            same(what + ": message", error.response["Error"]["Message"], message)
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    true(what + ": not refused", False)


class Session:
    """One walk through the service; book holds what the inventory of VAULT must say, in order."""

    def __init__(self):
        self.glacier = connect()
        self.tar = tar_bytes()
        self.book = []
        self.account = None

    def arn(self, vault):
        return "arn:aws:glacier:%s:%s:vaults/%s" % (REGION, self.account, vault)

    def keep(self, archive_id, data, description):
        true("archive id %r" % archive_id, re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{137}", archive_id))
        self.book.append({
            "ArchiveId": archive_id, "ArchiveDescription": description,
            "Size": len(data), "SHA256TreeHash": tree_hash(data),
        })
        return archive_id

    def vaults(self):
        g = self.glacier
        first = g.create_vault(vaultName=VAULT)
        same("status of CreateVault", first["ResponseMetadata"]["HTTPStatusCode"], 201)
        self.account = first["location"].split("/")[1]
        true("account in %r" % first["location"], re.fullmatch(r"\d{12}", self.account))
        same("location", first["location"], "/%s/vaults/%s" % (self.account, VAULT))
        g.get_waiter("vault_exists").wait(vaultName=VAULT)
        before = g.describe_vault(vaultName=VAULT)
        same("second CreateVault", g.create_vault(vaultName=VAULT)["location"], first["location"])
        after = g.describe_vault(accountId=self.account, vaultName=VAULT)
        for answer in (before, after):
            del answer["ResponseMetadata"]
        same("vault after the second CreateVault", after, before)
        same("VaultARN", after["VaultARN"], self.arn(VAULT))
        true("CreationDate %r" % after["CreationDate"],
             re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", after["CreationDate"]))
        same("fresh counters", (after["NumberOfArchives"], after["SizeInBytes"]), (0, 0))
        true("LastInventoryDate of a fresh vault", after.get("LastInventoryDate") is None)
        ok("create a vault, twice, describe it, waiter vault_exists")

    def listing(self):
        g = self.glacier
        for vault in [OTHER, KEPT] + PAGED:
            g.create_vault(vaultName=vault)
        mine = sorted([VAULT, OTHER, KEPT] + PAGED)
        for size in (None, 1, 3, 1000):
            paging = {"PageSize": size} if size else {}
            pages = list(g.get_paginator("list_vaults").paginate(PaginationConfig=paging))
            names = [v["VaultName"] for page in pages for v in page["VaultList"]]
            same("vaults in order of name", names, sorted(names))
            same("vaults by pages of %s" % size, [n for n in names if n.startswith("boto3.")], mine)
            true("pages of at most 10", max(len(p["VaultList"]) for p in pages) <= min(size or 10, 10))
        for vault in PAGED:
            g.delete_vault(vaultName=vault)
        g.delete_vault(vaultName=PAGED[0])
        ok("list vaults by pages of 10, 1, 3 and 1000")

    def odd_names(self):
        g = self.glacier
        for vault in (".", "..", "...", "-", "_.-", "a" * 255):
            g.create_vault(vaultName=vault)
            same("VaultName", g.describe_vault(vaultName=vault)["VaultName"], vault)
            g.delete_vault(vaultName=vault)
        ok("vaults named ., .., ..., -, _.- and 255 times a")

    def tags(self):
        g = self.glacier
        g.add_tags_to_vault(vaultName=VAULT, Tags={"colour": "blue", "Größe": "XL +-=._/@", "empty": ""})
        g.add_tags_to_vault(vaultName=VAULT, Tags={"colour": "green"})
        want = {"colour": "green", "Größe": "XL +-=._/@", "empty": ""}
        same("tags", g.list_tags_for_vault(vaultName=VAULT)["Tags"], want)
        g.remove_tags_from_vault(vaultName=VAULT, TagKeys=["empty", "never"])
        del want["empty"]
        same("tags after removing one", g.list_tags_for_vault(vaultName=VAULT)["Tags"], want)
        for batch in range(5):
            more = {"k%d%d" % (batch, n): "v" for n in range(10 if batch < 4 else 8)}
            g.add_tags_to_vault(vaultName=VAULT, Tags=more)
        refused("51 tags", "LimitExceededException", None, g.add_tags_to_vault, vaultName=VAULT, Tags={"one": "more"})
        g.remove_tags_from_vault(vaultName=VAULT, TagKeys=["Größe", "colour"])
        same("number of tags", len(g.list_tags_for_vault(vaultName=VAULT)["Tags"]), 48)
        ok("add, list and remove tags; the 51st is refused")

    def upload(self):
        g = self.glacier
        bodies = [self.tar, b"x"] + [self.tar[at * 7 : at * 7 + MIB + 1 - at] for at in range(2, len(DESCRIPTIONS))]
        for body, description in zip(bodies, DESCRIPTIONS):
            given = {"archiveDescription": description} if description else {}
            answer = g.upload_archive(vaultName=VAULT, body=io.BytesIO(body), **given)
            same("status of UploadArchive", answer["ResponseMetadata"]["HTTPStatusCode"], 201)
            same("checksum", answer["checksum"], tree_hash(body))
            same("botocore's tree hash", calculate_tree_hash(io.BytesIO(body)), answer["checksum"])
            archive_id = self.keep(answer["archiveId"], body, description)
            same("location", answer["location"], "/%s/vaults/%s/archives/%s" % (self.account, VAULT, archive_id))
        ok("upload %d bytes whole, 1 byte, and every kind of description" % len(self.tar))

    def upload_refused(self):
        g = self.glacier
        wrong, right = "0" * 64, tree_hash(b"bytes")
        refused("wrong tree hash", "InvalidParameterValueException",
                "Checksum mismatch: expected %s, computed %s" % (wrong, right),
                g.upload_archive, vaultName=VAULT, body=b"bytes", checksum=wrong)
        refused("empty archive", "InvalidParameterValueException", "Invalid Content-Length: 0",
                g.upload_archive, vaultName=VAULT, body=b"")
        refused("description of 1025", "InvalidParameterValueException", None,
                g.upload_archive, vaultName=VAULT, body=b"x", archiveDescription="x" * 1025)
        refused("missing vault", "ResourceNotFoundException", "Vault not found for ARN: " + self.arn("boto3.none"),
                g.upload_archive, vaultName="boto3.none", body=b"x")
        ok("uploads refused: wrong tree hash, no bytes, description too long, missing vault")

    def put_part(self, upload, part_size, at, data):
        body = data[at : at + part_size]
        answer = self.glacier.upload_multipart_part(
            vaultName=VAULT, uploadId=upload, body=body, range="bytes %d-%d/*" % (at, at + len(body) - 1))
        same("checksum of a part", answer["checksum"], tree_hash(body))

    def parts(self):
        """Seven parts of 1 MiB, shuffled, one of them first with other bytes."""
        g = self.glacier
        data = self.tar[3 * MIB + 11 : 3 * MIB + 11 + 6 * MIB + MIB // 2 + 3]
        description = DESCRIPTIONS[3]
        upload = g.initiate_multipart_upload(vaultName=VAULT, partSize=str(MIB), archiveDescription=description)["uploadId"]
        true("upload id %r" % upload, re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{91}", upload))
        self.put_part(upload, MIB, 2 * MIB, b"\0" * len(data))
        order = list(range(0, len(data), MIB))
        random.Random(7).shuffle(order)
        for at in order:
            self.put_part(upload, MIB, at, data)
        refused("part off its place", "InvalidParameterValueException", "Invalid Content-Range: bytes 1-1048576/*",
                g.upload_multipart_part, vaultName=VAULT, uploadId=upload, body=data[:MIB], range="bytes 1-1048576/*")
        want = [{"RangeInBytes": "%d-%d" % (at, min(at + MIB, len(data)) - 1), "SHA256TreeHash": tree_hash(data[at : at + MIB])}
                for at in range(0, len(data), MIB)]
        for size in (None, 1, 3):
            paging = {"PageSize": size} if size else {}
            pages = list(g.get_paginator("list_parts").paginate(vaultName=VAULT, uploadId=upload, PaginationConfig=paging))
            same("parts by pages of %s" % size, [p for page in pages for p in page["Parts"]], want)
        same("description of the upload", pages[0]["ArchiveDescription"], description)
        same("part size of the upload", pages[0]["PartSizeInBytes"], MIB)
        ok("7 parts of 1 MiB out of order, one replaced; list parts by pages")
        self.complete(upload, data, description)

    def complete(self, upload, data, description):
        g = self.glacier
        whole = dict(vaultName=VAULT, uploadId=upload, archiveSize=str(len(data)))
        refused("complete with the wrong tree hash", "InvalidParameterValueException",
                "Invalid x-amz-sha256-tree-hash: " + "1" * 64, g.complete_multipart_upload, checksum="1" * 64, **whole)
        refused("complete with the wrong size", "InvalidParameterValueException", None,
                g.complete_multipart_upload, checksum=tree_hash(data), **{**whole, "archiveSize": str(len(data) + 1)})
        first = g.complete_multipart_upload(checksum=tree_hash(data), **whole)
        again = g.complete_multipart_upload(checksum=tree_hash(data), **whole)
        same("archive id of the second complete", again["archiveId"], first["archiveId"])
        same("checksum of complete", first["checksum"], tree_hash(data))
        self.keep(first["archiveId"], data, description)
        refused("list parts of a completed upload", "ResourceNotFoundException", "The upload ID was not found: " + upload,
                g.list_parts, vaultName=VAULT, uploadId=upload)
        ok("complete: wrong tree hash, wrong size, right, and right again")

    def big_parts(self):
        """Parts of 8 MiB, four at a time, the last one of 5 bytes."""
        g = self.glacier
        data = self.tar[: 40 * MIB + 5]
        upload = g.initiate_multipart_upload(vaultName=VAULT, partSize=str(8 * MIB))["uploadId"]
        with ThreadPoolExecutor(4) as pool:
            places = reversed(range(0, len(data), 8 * MIB))
            list(pool.map(lambda at: self.put_part(upload, 8 * MIB, at, data), places))
        answer = g.complete_multipart_upload(
            vaultName=VAULT, uploadId=upload, archiveSize=str(len(data)), checksum=tree_hash(data))
        same("checksum", answer["checksum"], tree_hash(data))
        self.keep(answer["archiveId"], data, "")
        ok("parts of 8 MiB, four at a time")

    def uploads(self):
        g = self.glacier
        bad = "Invalid part size: 10485760. Part size must not be null, must be a power of two and be between 1048576 and 4294967296 bytes."
        refused("part size of 10 MiB", "InvalidParameterValueException", bad,
                g.initiate_multipart_upload, vaultName=VAULT, partSize=str(10 * MIB))
        ids = {g.initiate_multipart_upload(vaultName=VAULT, partSize=str(MIB))["uploadId"] for _ in range(5)}
        pages = list(g.get_paginator("list_multipart_uploads").paginate(vaultName=VAULT, PaginationConfig={"PageSize": 2}))
        listed = [u["MultipartUploadId"] for page in pages for u in page["UploadsList"]]
        same("uploads by pages of 2", sorted(listed), sorted(ids))
        gone = ids.pop()
        self.put_part(gone, MIB, 0, b"to be aborted")
        g.abort_multipart_upload(vaultName=VAULT, uploadId=gone)
        g.abort_multipart_upload(vaultName=VAULT, uploadId=gone)
        refused("part of an aborted upload", "ResourceNotFoundException", "The upload ID was not found: " + gone,
                g.upload_multipart_part, vaultName=VAULT, uploadId=gone, body=b"x", range="bytes 0-0/*")
        listed = g.list_multipart_uploads(vaultName=VAULT)["UploadsList"]
        same("uploads after an abort", sorted(u["MultipartUploadId"] for u in listed), sorted(ids))
        for upload in ids:
            g.abort_multipart_upload(vaultName=VAULT, uploadId=upload)
        ok("list multipart uploads by pages, abort one twice")

    def start(self, vault=VAULT, **parameters):
        answer = self.glacier.initiate_job(vaultName=vault, jobParameters=parameters)
        same("status of InitiateJob", answer["ResponseMetadata"]["HTTPStatusCode"], 202)
        job = answer["jobId"]
        same("location", answer["location"], "/%s/vaults/%s/jobs/%s" % (self.account, vault, job))
        return job, self.finish(job, vault)

    def finish(self, job, vault=VAULT):
        def described():
            answer = self.glacier.describe_job(vaultName=vault, jobId=job)
            return answer if answer["Completed"] else None

        answer = until("the job", described)
        same("StatusCode", answer["StatusCode"], "Succeeded")
        return answer

    def output(self, job, data, tree, span=None):
        """Fetches a span of a job's output and compares bytes, Content-Range and checksum."""
        given = {"range": "bytes=%d-%d" % span} if span else {}
        answer = self.glacier.get_job_output(vaultName=VAULT, jobId=job, **given)
        first, last = span or (0, len(data) - 1)
        last = min(last, len(data) - 1)
        want = data[first : last + 1]
        what = "output %s" % (span,)
        true(what + ": bytes", answer["body"].read() == want)
        same(what + ": status", answer["status"], 206 if span else 200)
        same(what + ": acceptRanges", answer["acceptRanges"], "bytes")
        content_range = "bytes %d-%d/%d" % (first, last, len(data)) if span else None
        same(what + ": contentRange", answer.get("contentRange"), content_range)
        checksum = tree_hash(want) if tree and is_node(first, last, len(data)) else None
        same(what + ": checksum", answer.get("checksum"), checksum)
        return answer

    def retrieve(self):
        g, entry = self.glacier, self.book[0]
        job, d = self.start(Type="archive-retrieval", ArchiveId=entry["ArchiveId"], Description='the "whole"', Tier="Bulk")
        n = len(self.tar)
        want = {
            "JobId": job, "JobDescription": 'the "whole"', "Action": "ArchiveRetrieval", "ArchiveId": entry["ArchiveId"],
            "VaultARN": self.arn(VAULT), "Completed": True, "StatusCode": "Succeeded", "ArchiveSizeInBytes": n,
            "SHA256TreeHash": entry["SHA256TreeHash"], "ArchiveSHA256TreeHash": entry["SHA256TreeHash"],
            "RetrievalByteRange": "0-%d" % (n - 1), "Tier": "Bulk",
        }
        same("described job", {key: d.get(key) for key in want}, want)
        answer = self.output(job, self.tar, True)
        same("contentType", answer["contentType"], "application/octet-stream")
        same("archiveDescription", answer["archiveDescription"], DESCRIPTIONS[0])
        ok("retrieve %d bytes whole" % n)
        spans = [(0, MIB - 1), (2 * MIB, 4 * MIB - 1), (64 * MIB, 128 * MIB - 1), (0, n - 1), (0, n + 5),
                 ((n - 1) // MIB * MIB, n - 1), ((n - 1) // (4 * MIB) * 4 * MIB, n - 1),
                 (1, 1000), (MIB, 3 * MIB - 1), (0, 3 * MIB - 1), (n - 10, n + 1000), (n - 1, n - 1)]
        for span in spans:
            self.output(job, self.tar, True, span)
        refused("range past the end", "InvalidParameterValueException",
                "The start of the range is larger than size of retrieved data: bytes=%d-%d" % (n, n + 1),
                g.get_job_output, vaultName=VAULT, jobId=job, range="bytes=%d-%d" % (n, n + 1))
        ok("%d ranges, checksums on exactly the aligned ones" % len(spans))

    def retrieve_small(self):
        entry = self.book[1]
        job, d = self.start(Type="archive-retrieval", ArchiveId=entry["ArchiveId"])
        same("Tier", d["Tier"], "Standard")
        answer = self.output(job, b"x", True)
        true("no description, no header", answer.get("archiveDescription") in (None, ""))
        answer = self.glacier.get_job_output(vaultName=VAULT, jobId=job, range="bytes 0-0/1")
        same("malformed range", (answer["status"], answer["body"].read()), (200, b"x"))
        ok("retrieve 1 byte; a malformed range is ignored")

    def retrieve_ranges(self):
        entry = self.book[len(DESCRIPTIONS)]
        data = self.tar[3 * MIB + 11 : 3 * MIB + 11 + entry["Size"]]
        for first, last in ((MIB, 2 * MIB - 1), (4 * MIB, len(data) - 1), (0, 4 * MIB - 1), (MIB, 3 * MIB - 1)):
            span = "%d-%d" % (first, last)
            job, d = self.start(Type="archive-retrieval", ArchiveId=entry["ArchiveId"], RetrievalByteRange=span)
            piece, node = data[first : last + 1], is_node(first, last, len(data))
            same("RetrievalByteRange", d["RetrievalByteRange"], span)
            same("SHA256TreeHash of " + span, d.get("SHA256TreeHash"), tree_hash(piece) if node else None)
            same("ArchiveSHA256TreeHash", d["ArchiveSHA256TreeHash"], entry["SHA256TreeHash"])
            for inner in (None, (0, MIB - 1), (1, 2)):
                self.output(job, piece, node, inner)
        for span in ("1-1048575", "0-1048574", "0-%d" % len(data)):
            refused("retrieval of " + span, "InvalidParameterValueException", None, self.glacier.initiate_job, vaultName=VAULT,
                    jobParameters={"Type": "archive-retrieval", "ArchiveId": entry["ArchiveId"], "RetrievalByteRange": span})
        ok("ranged retrievals, aligned and not")

    def jobs(self):
        g = self.glacier
        pages = list(g.get_paginator("list_jobs").paginate(vaultName=VAULT, PaginationConfig={"PageSize": 2}))
        jobs = [job for page in pages for job in page["JobList"]]
        same("number of jobs", len(jobs), len({job["JobId"] for job in jobs}))
        dates = [job["CreationDate"] for job in jobs]
        same("newest first", dates, sorted(dates, reverse=True))
        same("job as listed", jobs[0], {k: v for k, v in g.describe_job(vaultName=VAULT, jobId=jobs[0]["JobId"]).items() if k != "ResponseMetadata"})
        ids = [job["JobId"] for job in jobs]
        for query, want in (({"completed": "true"}, ids), ({"completed": "false"}, []), ({"statuscode": "Succeeded"}, ids),
                            ({"statuscode": "InProgress"}, []), ({"statuscode": "Failed", "completed": "true"}, []),
                            ({"limit": "1000", "statuscode": "Succeeded", "completed": "true"}, ids)):
            same("jobs %r" % query, [job["JobId"] for job in g.list_jobs(vaultName=VAULT, **query)["JobList"]], want)
        refused("bad status code", "InvalidParameterValueException", "The job status code is not valid: Done",
                g.list_jobs, vaultName=VAULT, statuscode="Done")
        refused("unknown job", "ResourceNotFoundException", None, g.describe_job, vaultName=VAULT, jobId="j" * 92)
        ok("list jobs by pages and by every filter")

    def take(self, **parameters):
        """Takes an inventory and returns its description and its text."""
        job, d = self.start(Type="inventory-retrieval", **parameters)
        answer = self.glacier.get_job_output(vaultName=VAULT, jobId=job)
        text = answer["body"].read()
        same("InventorySizeInBytes", d["InventorySizeInBytes"], len(text))
        kind = "text/csv" if parameters.get("Format") == "CSV" else "application/json"
        same("contentType", answer["contentType"], kind)
        true("no checksum on an inventory", answer.get("checksum") is None)
        part = self.glacier.get_job_output(vaultName=VAULT, jobId=job, range="bytes=3-%d" % (len(text) + 9))
        same("inventory from its fourth byte", part["body"].read(), text[3:])
        true("no checksum on a part of an inventory", part.get("checksum") is None)
        return d, text.decode()

    def inventories(self):
        d, text = self.take(Format="JSON")
        same("parameters of the inventory", d["InventoryRetrievalParameters"].get("Format"), "JSON")
        taken = json.loads(text)
        same("key order", list(taken), ["VaultARN", "InventoryDate", "ArchiveList"])
        same("VaultARN", taken["VaultARN"], self.arn(VAULT))
        archives = taken["ArchiveList"]
        for archive in archives:
            same("key order", list(archive), ["ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash"])
            true("CreationDate %r" % archive["CreationDate"], re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", archive["CreationDate"]))
        bare = [{key: value for key, value in archive.items() if key != "CreationDate"} for archive in archives]
        same("inventory", bare, self.book)
        same("compact JSON", text, json.dumps(taken, separators=(",", ":")))
        _, text = self.take(Format="CSV")
        difference = inventory.compare(text, archives)
        true("CSV inventory: %s" % difference, difference is None)
        vault = self.glacier.describe_vault(vaultName=VAULT)
        sizes = sum(entry["Size"] + 32768 for entry in self.book)
        same("counters", (vault["NumberOfArchives"], vault["SizeInBytes"]), (len(self.book), sizes))
        true("LastInventoryDate", vault.get("LastInventoryDate") is not None)
        ok("inventories in JSON and CSV, %d archives" % len(self.book))

    def ranged_inventories(self):
        ids, marker = [], None
        while True:
            ranged = {"Limit": "4", **({"Marker": marker} if marker else {})}
            d, text = self.take(InventoryRetrievalParameters=ranged)
            page = [archive["ArchiveId"] for archive in json.loads(text)["ArchiveList"]]
            true("4 at most in a page", 0 < len(page) <= 4)
            ids += page
            marker = d["InventoryRetrievalParameters"].get("Marker")
            if marker is None:
                break
        same("inventory by pages of 4", ids, [entry["ArchiveId"] for entry in self.book])
        for ranged, want in (({"EndDate": "2012-08-20T00:00:00Z"}, 0), ({"StartDate": "2012-08-20T00:00:00Z"}, len(self.book)),
                             ({"StartDate": "2012-08-20T00:00:00Z", "EndDate": "2099-01-01T00:00:00Z", "Limit": "1"}, 1)):
            _, text = self.take(Format="JSON", InventoryRetrievalParameters=ranged)
            same("archives in %r" % ranged, len(json.loads(text)["ArchiveList"]), want)
        ok("ranged inventories: Limit and Marker, StartDate and EndDate")

    def errors(self):
        g, entry = self.glacier, self.book[1]
        none = "Vault not found for ARN: " + self.arn("boto3.none")
        refused("describe a missing vault", "ResourceNotFoundException", none, g.describe_vault, vaultName="boto3.none")
        refused("list jobs of a missing vault", "ResourceNotFoundException", none, g.list_jobs, vaultName="boto3.none")
        refused("delete another vault's archive", "InvalidParameterValueException", "Invalid vault name: " + self.arn(OTHER),
                g.delete_archive, vaultName=OTHER, archiveId=entry["ArchiveId"])
        refused("delete a vault with archives", "InvalidParameterValueException",
                "Vault not empty or recently written to: " + self.arn(VAULT), g.delete_vault, vaultName=VAULT)
        refused("another account", "AccessDeniedException", "Access denied for account ID: 999999999999",
                g.describe_vault, accountId="999999999999", vaultName=VAULT)
        refused("wrong secret", "InvalidSignatureException", None, connect(secret_key="w" * 40).list_vaults)
        refused("unknown key", "UnrecognizedClientException", None, connect(access_key="AKIAIOSFODNN7NOTHERE").list_vaults)
        ok("errors: missing vault, another vault's archive, full vault, account, secret, key")

    def proxy(self):
        """Through a proxy the request line holds a whole URL and Host names somewhere else."""
        host = ENDPOINT.split("/")[2]
        g = connect(endpoint_url="http://glacier.%s.invalid" % REGION, config=Config(proxies={"http": "http://" + host}))
        same("vault through a proxy", g.describe_vault(vaultName=VAULT)["VaultARN"], self.arn(VAULT))
        ok("absolute-form request targets, another Host")

    def delete(self):
        g, entry = self.glacier, self.book[len(DESCRIPTIONS)]
        data = self.tar[3 * MIB + 11 : 3 * MIB + 11 + entry["Size"]]
        job, _ = self.start(Type="archive-retrieval", ArchiveId=entry["ArchiveId"])
        for archive in self.book:
            g.delete_archive(vaultName=VAULT, archiveId=archive["ArchiveId"])
        g.delete_archive(vaultName=VAULT, archiveId=entry["ArchiveId"])
        refused("job for a deleted archive", "ResourceNotFoundException", "The archive ID was not found: " + entry["ArchiveId"],
                g.initiate_job, vaultName=VAULT, jobParameters={"Type": "archive-retrieval", "ArchiveId": entry["ArchiveId"]})
        self.output(job, data, True)
        same("inventory of an empty vault", json.loads(self.take()[1])["ArchiveList"], [])
        for vault in (VAULT, OTHER):
            g.delete_vault(vaultName=vault)
            g.get_waiter("vault_not_exists").wait(vaultName=vault)
        refused("job of a deleted vault", "ResourceNotFoundException", None, g.describe_job, vaultName=VAULT, jobId=job)
        ok("delete archives, twice one; their finished output stays; delete vaults, waiter vault_not_exists")

    def resources(self):
        """The same things as objects."""
        glacier = boto3.resource("glacier", endpoint_url=ENDPOINT, region_name=REGION,
                                 aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY)
        vault = glacier.create_vault(vaultName=OTHER)
        data = self.tar[: 5 * MIB + 1]
        archive = vault.upload_archive(archiveDescription="as an object", body=data)
        upload = vault.initiate_multipart_upload(partSize=str(MIB), archiveDescription="in parts")
        same("multipart_uploads", [u.id for u in vault.multipart_uploads.all()], [upload.id])
        same("part_size_in_bytes", [u.part_size_in_bytes for u in vault.multipart_uploads.all()], [MIB])
        upload.upload_part(range="bytes 0-1048575/*", body=data[:MIB])
        same("parts", [p["RangeInBytes"] for p in upload.parts()["Parts"]], ["0-1048575"])
        whole = upload.complete(archiveSize=str(MIB), checksum=calculate_tree_hash(io.BytesIO(data[:MIB])))
        vault.initiate_multipart_upload(partSize=str(MIB)).abort()
        same("multipart_uploads after abort", list(vault.multipart_uploads.all()), [])
        job = archive.initiate_archive_retrieval()
        until("the job", lambda: job.reload() or job.completed)
        same("job.sha256_tree_hash", job.sha256_tree_hash, tree_hash(data))
        same("job.get_output", job.get_output()["body"].read(), data)
        listing = vault.initiate_inventory_retrieval()
        until("the inventory", lambda: listing.reload() or listing.completed)
        taken = json.loads(listing.get_output()["body"].read())["ArchiveList"]
        same("inventory", [a["ArchiveId"] for a in taken], [archive.id, whole["archiveId"]])
        ids = sorted([job.id, listing.id])
        for name in ("jobs", "completed_jobs", "succeeded_jobs"):
            same(name, sorted(j.id for j in getattr(vault, name).all()), ids)
        for name in ("jobs_in_progress", "failed_jobs"):
            same(name, list(getattr(vault, name).all()), [])
        vault.reload()
        same("vault.number_of_archives", vault.number_of_archives, 2)
        true("vault among glacier.vaults", OTHER in [v.name for v in glacier.vaults.all()])
        true("vault among account.vaults", OTHER in [v.name for v in glacier.Account("-").vaults.page_size(1)])
        archive.delete()
        vault.Archive(whole["archiveId"]).delete()
        vault.delete()
        ok("the resource API: vaults, archives, uploads, jobs and their collections")

    def leave(self):
        """Leaves a vault with two archives and an open upload for the check of the store."""
        g = self.glacier
        for size in (1, 3 * MIB + 1):
            g.upload_archive(vaultName=KEPT, body=self.tar[:size], archiveDescription="kept")
        upload = g.initiate_multipart_upload(vaultName=KEPT, partSize=str(MIB))["uploadId"]
        g.upload_multipart_part(vaultName=KEPT, uploadId=upload, range="bytes 0-1048575/*", body=self.tar[:MIB])
        ok("leave a vault with archives and an open upload")


def main():
    s = Session()
    for step in (s.vaults, s.listing, s.odd_names, s.tags, s.upload, s.upload_refused, s.parts, s.big_parts, s.uploads,
                 s.retrieve, s.retrieve_small, s.retrieve_ranges, s.jobs, s.inventories, s.ranged_inventories, s.errors,
                 s.proxy, s.delete, s.resources, s.leave):
        step()


if __name__ == "__main__":
    run(main)
