"""A session with boto3 and the AWS CLI about select jobs: SQL over archives, to a directory and to an S3 server.

Takes ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, ACCOUNT and RESULTS, the directory that stands for
buckets that are not configured. With S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY and S3_BUCKET, which the server has
configured as the bucket "results", the results are fetched with boto3 from there.
"""

import csv
import gzip
import io
import json
import os
import subprocess

import boto3
import botocore.config
import botocore.exceptions

from session import Difference, ENDPOINT, REGION, ok, run, same, true, until

KEY = (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
ACCOUNT = os.environ["ACCOUNT"]
RESULTS = os.environ["RESULTS"]
VAULT = "questions"

PEOPLE = (
    "name,age,city,born\n"
    'Ann,31,Oslo,1994-03-01\n'
    'Bob,45,"Bergen, by the sea",1980-11-30\n'
    '"Eve ""E""",29,Oslo,1996-07-15\n'
    "Kim,,Rome,\n"
)


def client(service, endpoint=ENDPOINT, key=KEY, region=REGION):
    return boto3.client(
        service, region_name=region, endpoint_url=endpoint, aws_access_key_id=key[0], aws_secret_access_key=key[1],
        config=botocore.config.Config(retries={"max_attempts": 0}, read_timeout=60, s3={"addressing_style": "path"}),
    )


glacier = client("glacier")


def parameters(archive, sql, header="USE", bucket="answers", prefix="runs", **more):
    return dict({
        "Type": "select", "ArchiveId": archive,
        "SelectParameters": {
            "Expression": sql, "ExpressionType": "SQL",
            "InputSerialization": {"csv": {"FileHeaderInfo": header}},
            "OutputSerialization": {"csv": {"QuoteFields": "ASNEEDED"}},
        },
        "OutputLocation": {"S3": {"BucketName": bucket, "Prefix": prefix}},
    }, **more)


def start(job):
    return glacier.initiate_job(vaultName=VAULT, jobParameters=job)


def finished(job_id):
    return until("the end of job " + job_id, lambda: completed(glacier.describe_job(vaultName=VAULT, jobId=job_id)))


def completed(description):
    return description if description["Completed"] else None


def output(job_id, **more):
    return glacier.get_job_output(vaultName=VAULT, jobId=job_id, **more)


def ask(archive, sql, **more):
    """The rows of an answer."""
    job = start(parameters(archive, sql, **more))["jobId"]
    same("the end of " + sql, finished(job)["StatusMessage"], "Succeeded")
    return list(csv.reader(io.StringIO(output(job)["body"].read().decode(), newline="")))


def refused(what, job, code, text):
    try:
        start(job)
    except botocore.exceptions.ClientError as error:
        same(what, error.response["Error"]["Code"], code)
        same(what + ", status", error.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        true("%s: %s" % (what, error.response["Error"]["Message"]), text in error.response["Error"]["Message"])
        return
    raise Difference(what + ": not refused")


def upload(body):
    return glacier.upload_archive(vaultName=VAULT, body=body)["archiveId"]


def to_the_directory(archive):
    begun = start(parameters(archive, "SELECT s.name, s.city FROM archive s WHERE s.age > 30", Description="who", Tier="Expedited"))
    job = begun["jobId"]
    same("where the results will be", begun["jobOutputPath"], "runs/%s/" % job)
    where = os.path.join(RESULTS, ACCOUNT, "answers", "runs", job)
    true("job.txt is there when the job has begun", os.path.isfile(os.path.join(where, "job.txt")))
    described = finished(job)
    same("the job", {k: described[k] for k in ("Action", "ArchiveId", "JobDescription", "JobOutputPath", "StatusCode", "Tier")}, {
        "Action": "Select", "ArchiveId": archive, "JobDescription": "who", "JobOutputPath": "runs/%s/" % job,
        "StatusCode": "Succeeded", "Tier": "Expedited"})
    same("its parameters", described["SelectParameters"]["Expression"], "SELECT s.name, s.city FROM archive s WHERE s.age > 30")
    same("its location", described["OutputLocation"]["S3"]["BucketName"], "answers")
    same("the files", sorted(os.listdir(where)), ["job.txt", "result_manifest.txt", "results"])
    with open(os.path.join(where, "result_manifest.txt"), encoding="utf-8") as file:
        keys = file.read().splitlines()
    text = "".join(open(os.path.join(RESULTS, ACCOUNT, "answers", key), encoding="utf-8").read() for key in keys)
    same("what the manifest lists", text, 'Ann,Oslo\nBob,"Bergen, by the sea"\n')
    answer = output(job)
    same("the output", answer["body"].read().decode(), text)
    same("its type", answer["contentType"], "text/csv")
    part = output(job, range="bytes=4-7")
    same("a part of it", (part["status"], part["body"].read()), (206, b"Oslo"))
    listed = [j for j in glacier.list_jobs(vaultName=VAULT)["JobList"] if j["JobId"] == job]
    same("in the list", [j["JobOutputPath"] for j in listed], ["runs/%s/" % job])
    job = start(parameters(archive, "SELECT s.name FROM archive s LIMIT 1", prefix="x" * 512))["jobId"]
    same("the end of a job with the longest prefix", finished(job)["StatusMessage"], "Succeeded")
    same("its output", output(job)["body"].read(), b"Ann\n")
    ok("a select job to the directory")


def language(archive):
    same("*", ask(archive, "SELECT * FROM archive", header="NONE"), list(csv.reader(io.StringIO(PEOPLE))))
    same("functions", ask(archive, "SELECT UPPER(s.name), EXTRACT(YEAR FROM CAST(s.born AS TIMESTAMP)) FROM archive s WHERE s.born LIKE '19%'"),
         [["ANN", "1994"], ["BOB", "1980"], ['EVE "E"', "1996"]])
    same("positions", ask(archive, "SELECT _1 FROM archive WHERE _2 = '' OR CAST(_2 AS INT) BETWEEN 30 AND 40", header="IGNORE"),
         [["Ann"], ["Kim"]])
    same("aggregates", ask(archive, "SELECT COUNT(*), SUM(age), AVG(age), MIN(name) FROM archive WHERE age > 0"), [["3", "105", "35", "Ann"]])
    same("LIMIT", ask(archive, "SELECT name FROM archive LIMIT 1"), [["Ann"]])
    same("gzip", ask(upload(gzip.compress(PEOPLE.encode())), "SELECT name FROM archive WHERE city = 'Rome'"), [["Kim"]])
    job = parameters(upload(b'{"a":1,"b":{"c":"x"}}\n{"a":2}\n'), "SELECT s.a, s.b.c FROM archive s")
    del job["SelectParameters"]["InputSerialization"]
    job = start(job)["jobId"]
    finished(job)
    same("JSON lines", output(job)["body"].read(), b"1,x\n2,\n")
    ok("the language")


def dialect():
    job = parameters(upload("a;'it''s';c|#no|d;e;f|".encode()), "SELECT _2 FROM archive")
    job["SelectParameters"]["InputSerialization"]["csv"] = {
        "FieldDelimiter": ";", "RecordDelimiter": "|", "QuoteCharacter": "'", "QuoteEscapeCharacter": "'", "Comments": "#", "FileHeaderInfo": "None"}
    job["SelectParameters"]["OutputSerialization"]["csv"] = {
        "FieldDelimiter": "\t", "RecordDelimiter": "\n", "QuoteCharacter": '"', "QuoteEscapeCharacter": "\\", "QuoteFields": "Always"}
    job = start(job)["jobId"]
    finished(job)
    same("another dialect", output(job)["body"].read(), b'"it\'s"\n"e"\n')
    ok("dialects")


def bad(archive):
    refused("no SQL", parameters(archive, "SELEKT"), "InvalidParameterValueException", "line 1, column 1")
    refused("a reserved word", parameters(archive, "SELECT year FROM archive"), "InvalidParameterValueException", "YEAR")
    refused("GROUP BY", parameters(archive, "SELECT name FROM archive GROUP BY name"), "InvalidParameterValueException", "GROUP BY")
    refused("no such column", parameters(archive, 'SELECT "Name" FROM archive'), "MissingHeaderName", '"Name"')
    refused("two such columns", parameters(upload(b"a,A\n1,2\n"), "SELECT a FROM archive"), "AmbiguousFieldName", " a ")
    refused("a long prefix", parameters(archive, "SELECT * FROM archive", prefix="x" * 513), "InvalidParameterValueException", "512")
    refused("a long expression", parameters(archive, "SELECT * FROM archive" + " " * 131072), "InvalidParameterValueException", "131072")
    refused("a bad bucket", parameters(archive, "SELECT * FROM archive", bucket="../x"), "InvalidParameterValueException", "../x")
    wrong = parameters(archive, "SELECT * FROM archive")
    wrong["SelectParameters"]["InputSerialization"]["csv"]["FieldDelimiter"] = "ab"
    refused("a delimiter of two characters", wrong, "InvalidParameterValueException", "FieldDelimiter")
    wrong = parameters(archive, "SELECT * FROM archive")
    wrong["SelectParameters"]["ExpressionType"] = "XPATH"
    refused("another language", wrong, "InvalidParameterValueException", "XPATH")
    wrong = parameters(archive, "SELECT * FROM archive")
    del wrong["OutputLocation"]
    try:
        start(wrong)
        raise Difference("no location: not refused")
    except botocore.exceptions.ClientError as error:
        same("no location", error.response["Error"]["Code"], "MissingParameterValueException")
    job = start(parameters(archive, "SELECT CAST(s.age AS INT) FROM archive s"))["jobId"]
    failed = finished(job)
    same("a cast that fails", failed["StatusCode"], "Failed")
    true(failed["StatusMessage"], "CastFailed" in failed["StatusMessage"])
    where = os.path.join(RESULTS, ACCOUNT, "answers", "runs", job)
    true("its manifests", os.path.isfile(os.path.join(where, "error_manifest.txt")) and not os.path.exists(os.path.join(where, "result_manifest.txt")))
    with open(os.path.join(where, "error_manifest.txt"), encoding="utf-8") as file:
        key = file.read().splitlines()[0]
    with open(os.path.join(RESULTS, ACCOUNT, "answers", key), encoding="utf-8") as file:
        error = json.load(file)
    same("its error", (error["Code"], error["Record"]), ("CastFailed", 5))
    try:
        output(job)
        raise Difference("the output of a failed job: not refused")
    except botocore.exceptions.ClientError as error:
        same("the output of a failed job", error.response["Error"]["Code"], "InvalidParameterValueException")
    ok("what is refused and what fails")


def cli(*arguments):
    environment = dict(os.environ, AWS_PAGER="")
    done = subprocess.run(
        ["/usr/bin/aws", "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json", "glacier", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    true("aws glacier %s: %s" % (arguments[0], done.stdout), done.returncode == 0)
    return json.loads(done.stdout) if done.stdout.strip() else None


def with_the_cli(archive):
    job = cli("initiate-job", "--account-id", "-", "--vault-name", VAULT,
              "--job-parameters", json.dumps(parameters(archive, "SELECT s.city FROM archive s WHERE s.name = 'Bob'")))
    true("its path " + job["jobOutputPath"], job["jobOutputPath"] == "runs/%s/" % job["jobId"])
    until("the end of the job", lambda: cli("describe-job", "--account-id", "-", "--vault-name", VAULT, "--job-id", job["jobId"])["Completed"])
    file = os.path.join(RESULTS, "of-the-cli.csv")
    cli("get-job-output", "--account-id", "-", "--vault-name", VAULT, "--job-id", job["jobId"], file)
    with open(file, encoding="utf-8") as text:
        same("its output", text.read(), '"Bergen, by the sea"\n')
    os.remove(file)
    ok("the AWS CLI")


def told(archive):
    sns, sqs = client("sns"), client("sqs")
    topic, url = sns.create_topic(Name="answers")["TopicArn"], sqs.create_queue(QueueName="answers")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}]})})
    glacier.set_vault_notifications(vaultName=VAULT, vaultNotificationConfig={
        "SNSTopic": topic, "Events": ["ArchiveRetrievalCompleted", "InventoryRetrievalCompleted"]})
    job = start(parameters(archive, "SELECT * FROM archive", SNSTopic=topic))["jobId"]
    messages = until("a message", lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages"))
    same("messages: the job's topic hears, the vault's does not", len(messages), 1)
    message = json.loads(messages[0]["Body"])
    same("the message", (message["JobId"], message["Action"], message["StatusCode"]), (job, "Select", "Succeeded"))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    same("no other message", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []), [])
    ok("the job's topic")


def to_s3(archive):
    if "S3_ENDPOINT" not in os.environ:
        print("no S3 server here", flush=True)
        return
    s3 = client("s3", os.environ["S3_ENDPOINT"], (os.environ["S3_ACCESS_KEY"], os.environ["S3_SECRET_KEY"]), "us-east-1")
    bucket = os.environ["S3_BUCKET"]

    def read(key):
        return s3.get_object(Bucket=bucket, Key=key)

    for name, more in (("boto3", {}), ("the AWS CLI", {})):
        location = {"BucketName": "results", "Prefix": "deep/er", "StorageClass": "STANDARD",
                    "UserMetadata": {"why": "because"}, "Tagging": {"a": "b", "c d": "e"}}
        job = parameters(archive, "SELECT s.name FROM archive s WHERE s.city = 'Oslo'", **more)
        job["OutputLocation"] = {"S3": location}
        begun = start(job) if name == "boto3" else cli("initiate-job", "--account-id", "-", "--vault-name", VAULT, "--job-parameters", json.dumps(job))
        path = begun["jobOutputPath"]
        same(name + ": job.txt is there when the job has begun", json.loads(read(path + "job.txt")["Body"].read())["JobId"], begun["jobId"])
        same(name + ": the end", finished(begun["jobId"])["StatusMessage"], "Succeeded")
        keys = read(path + "result_manifest.txt")["Body"].read().decode().splitlines()
        results = [read(key) for key in keys]
        same(name + ": the results", b"".join(r["Body"].read() for r in results), b'Ann\n"Eve ""E"""\n')
        same(name + ": their metadata", (results[0]["Metadata"], results[0]["ContentType"]), ({"why": "because"}, "text/csv"))
        tags = {t["Key"]: t["Value"] for t in s3.get_object_tagging(Bucket=bucket, Key=keys[0])["TagSet"]}
        same(name + ": their tags", tags, {"a": "b", "c d": "e"})
        same(name + ": all objects", sorted(o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix=path)["Contents"]),
             sorted([path + "job.txt", path + "result_manifest.txt"] + keys))
        try:
            output(begun["jobId"])
            raise Difference("GetJobOutput of results in a bucket: not refused")
        except botocore.exceptions.ClientError as error:
            same("GetJobOutput of results in a bucket", error.response["Error"]["Code"], "InvalidParameterValueException")
    job = parameters(archive, "SELECT CAST(s.age AS INT) FROM archive s", bucket="results")
    begun = start(job)
    same("a cast that fails", finished(begun["jobId"])["StatusCode"], "Failed")
    keys = {o["Key"][len(begun["jobOutputPath"]):] for o in s3.list_objects_v2(Bucket=bucket, Prefix=begun["jobOutputPath"])["Contents"]}
    true("its objects %s" % keys, "error_manifest.txt" in keys and "result_manifest.txt" not in keys)
    refused("a bucket that the store does not have", parameters(archive, "SELECT * FROM archive", bucket="nowhere"),
            "InvalidParameterValueException", "NoSuchBucket")
    job = parameters(archive, "SELECT * FROM archive", bucket="results")
    job["OutputLocation"]["S3"]["AccessControlList"] = [{"Grantee": {"Type": "CanonicalUser", "ID": "79a5"}, "Permission": "WRITE"}]
    refused("a grant that objects do not know", job, "InvalidParameterValueException", 'Invalid OutputLocation: an object has no permission "WRITE" to grant.')
    ok("a select job to an S3 server")


def session():
    glacier.create_vault(vaultName=VAULT)
    archive = upload(PEOPLE.encode())
    to_the_directory(archive)
    language(archive)
    dialect()
    bad(archive)
    with_the_cli(archive)
    told(archive)
    to_s3(archive)


run(session)
