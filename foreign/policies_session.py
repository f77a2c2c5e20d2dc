"""A session with boto3 and the AWS CLI about who may do what, and about locks that hold.

Takes ENDPOINT, CONTROL (which passes time and restarts the server), AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
AWS_REGION of the first account's root, and OTHER_ACCESS_KEY_ID, OTHER_SECRET_ACCESS_KEY of another's.
"""

import json
import os
import subprocess
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

from session import Difference, ENDPOINT, REGION, ok, run, same, true

CONTROL = os.environ["CONTROL"]
ROOT = (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
OTHER = (os.environ["OTHER_ACCESS_KEY_ID"], os.environ["OTHER_SECRET_ACCESS_KEY"])
ACCOUNT = os.environ["ACCOUNT"]
OTHER_ACCOUNT = os.environ["OTHER_ACCOUNT"]

DAY = 24 * 3600


def client(service, key):
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        config=botocore.config.Config(retries={"max_attempts": 0}),
    )


def cli(key, *arguments):
    """Runs the AWS CLI; returns whether it succeeded, and what it said."""
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=key[0], AWS_SECRET_ACCESS_KEY=key[1], AWS_PAGER="")
    done = subprocess.run(
        ["/usr/bin/aws", "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    return done.returncode == 0, done.stdout


def control(what):
    with urllib.request.urlopen(urllib.request.Request(CONTROL + what, method="POST"), timeout=120) as reply:
        reply.read()


def denied(what, call, code="AccessDeniedException", text="", **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        same(what, error.response["Error"]["Code"], code)
        true("%s: %r is in %r" % (what, text, error.response["Error"]["Message"]), text in error.response["Error"]["Message"])
        return
    raise Difference(what + ": not refused")


def arn(vault, account=ACCOUNT):
    return "arn:aws:glacier:%s:%s:vaults/%s" % (REGION, account, vault)


def policy(effect, action, vault, principal=None, condition=None):
    statement = {"Sid": "session", "Effect": effect, "Action": action, "Resource": arn(vault)}
    if principal:
        statement["Principal"] = {"AWS": principal}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)


def user(iam, name):
    """Makes a user and returns his key."""
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return (key["AccessKeyId"], key["SecretAccessKey"])


root = client("glacier", ROOT)
iam = client("iam", ROOT)
other_iam = client("iam", OTHER)


def users():
    ann = user(iam, "ann")
    glacier = client("glacier", ann)
    denied("a user may nothing at first", glacier.list_vaults, text="glacier:ListVaults")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonGlacierReadOnlyAccess")
    same("vaults that ann sees", glacier.list_vaults()["VaultList"], [])
    text = "User: arn:aws:iam::%s:user/ann is not authorized to perform: glacier:CreateVault on resource: %s" % (ACCOUNT, arn("x"))
    denied("a reader creates nothing", glacier.create_vault, text=text, vaultName="x")
    iam.detach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonGlacierReadOnlyAccess")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonGlacierFullAccess")
    glacier.create_vault(vaultName="x")
    glacier.delete_vault(vaultName="x")
    iam.put_user_policy(UserName="ann", PolicyName="not-x", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "glacier:*", "Resource": "arn:aws:glacier:*:*:vaults/x*"}}))
    denied("an explicit deny", glacier.create_vault, text="explicit deny", vaultName="x1")
    glacier.create_vault(vaultName="y")
    glacier.delete_vault(vaultName="y")
    iam.update_access_key(UserName="ann", AccessKeyId=ann[0], Status="Inactive")
    denied("a disabled key", glacier.list_vaults, code="UnrecognizedClientException")
    iam.update_access_key(UserName="ann", AccessKeyId=ann[0], Status="Active")
    glacier.list_vaults()
    iam.delete_access_key(UserName="ann", AccessKeyId=ann[0])
    denied("a deleted key", glacier.list_vaults, code="UnrecognizedClientException")
    ok("users, keys, and policies by name and in line")


def cross_account():
    root.create_vault(vaultName="shared")
    bea = user(other_iam, "bea")
    upload = client("glacier", bea).upload_archive
    request = {"accountId": ACCOUNT, "vaultName": "shared", "body": b"from elsewhere"}
    denied("neither policy", upload, **request)
    other_iam.put_user_policy(UserName="bea", PolicyName="up", PolicyDocument=policy("Allow", "glacier:UploadArchive", "shared"))
    denied("the user's policy alone", upload, **request)
    other_iam.delete_user_policy(UserName="bea", PolicyName="up")
    text = policy("Allow", "glacier:UploadArchive", "shared", principal="arn:aws:iam::%s:root" % OTHER_ACCOUNT)
    root.set_vault_access_policy(vaultName="shared", policy={"Policy": text})
    same("the access policy, letter for letter", root.get_vault_access_policy(vaultName="shared")["policy"]["Policy"], text)
    denied("the vault's policy alone", upload, text="glacier:UploadArchive", **request)
    other_iam.put_user_policy(UserName="bea", PolicyName="up", PolicyDocument=policy("Allow", "glacier:UploadArchive", "shared"))
    archive = upload(**request)
    true("location is the owner's", archive["location"].startswith("/%s/vaults/shared/archives/" % ACCOUNT))
    denied("nothing else", client("glacier", bea).delete_archive, accountId=ACCOUNT, vaultName="shared", archiveId=archive["archiveId"])
    denied("not her own vault of that name", upload, vaultName="shared", body=b"x")
    true("root of the other account, by the CLI", cli(OTHER, "glacier", "upload-archive", "--account-id", ACCOUNT, "--vault-name", "shared", "--body", __file__)[0])
    root.delete_vault_access_policy(vaultName="shared")
    denied("after the policy has gone", upload, **request)
    denied("no access policy", root.get_vault_access_policy, code="ResourceNotFoundException",
           text="No vault access policy is set for: shared", vaultName="shared")
    denied("a vault that is not there looks the same", upload, text="Access denied for account ID: " + ACCOUNT,
           accountId=ACCOUNT, vaultName="missing", body=b"x")
    ok("cross-account upload: with both policies only")


def worm():
    root.create_vault(vaultName="worm")
    archive = root.upload_archive(vaultName="worm", body=b"keep me")["archiveId"]
    lock = policy("Deny", "glacier:DeleteArchive", "worm", "*", {"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}})
    lock_id = root.initiate_vault_lock(vaultName="worm", policy={"Policy": lock})["lockId"]
    same("length of a lock id", len(lock_id), 24)
    same("the lock's state", root.get_vault_lock(vaultName="worm")["State"], "InProgress")
    delete = {"vaultName": "worm", "archiveId": archive}
    denied("in force before it is complete", root.delete_archive, text="vault lock", **delete)
    root.complete_vault_lock(vaultName="worm", lockId=lock_id)
    root.complete_vault_lock(vaultName="worm", lockId=lock_id)
    ok("a lock is completed twice")
    denied("abort when locked", root.abort_vault_lock, vaultName="worm")
    denied("another lock", root.initiate_vault_lock, vaultName="worm", policy={"Policy": lock})
    held = root.get_vault_lock(vaultName="worm")
    same("locked", (held["State"], held["Policy"], "ExpirationDate" in held), ("Locked", lock, False))
    good, said = cli(ROOT, "glacier", "delete-archive", "--account-id", "-", "--vault-name", "worm", "--archive-id=" + archive)
    true("the CLI is refused: " + said, not good and "(AccessDeniedException)" in said)
    ok("a completed lock stays")
    control("/pass?seconds=%d" % (364 * DAY))
    denied("364 days", root.delete_archive, **delete)
    control("/restart")
    denied("364 days and a restart", root.delete_archive, **delete)
    control("/pass?seconds=%d" % (2 * DAY))
    root.delete_archive(**delete)
    ok("an archive is kept its time, and can be deleted after it")


def legal_hold():
    root.create_vault(vaultName="hold")
    archive = root.upload_archive(vaultName="hold", body=b"evidence")["archiveId"]
    lock = policy("Deny", "glacier:DeleteArchive", "hold", "*", {"StringLike": {"glacier:ResourceTag/LegalHold": ["true", ""]}})
    root.complete_vault_lock(vaultName="hold", lockId=root.initiate_vault_lock(vaultName="hold", policy={"Policy": lock})["lockId"])
    root.add_tags_to_vault(vaultName="hold", Tags={"LegalHold": "true"})
    denied("on hold", root.delete_archive, vaultName="hold", archiveId=archive)
    root.add_tags_to_vault(vaultName="hold", Tags={"LegalHold": ""})
    denied("on hold, empty", root.delete_archive, vaultName="hold", archiveId=archive)
    root.add_tags_to_vault(vaultName="hold", Tags={"LegalHold": "false"})
    root.delete_archive(vaultName="hold", archiveId=archive)
    ok("a legal hold by tag")


def conditions():
    root.create_vault(vaultName="conditional")
    archive = root.upload_archive(vaultName="conditional", body=b"x")["archiveId"]
    root.set_vault_access_policy(vaultName="conditional", policy={"Policy": policy(
        "Deny", "glacier:DeleteArchive", "conditional", "*", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})})
    denied("a delete without a second factor", root.delete_archive, vaultName="conditional", archiveId=archive)
    root.set_vault_access_policy(vaultName="conditional", policy={"Policy": policy(
        "Deny", "glacier:*", "conditional", "*", {"NotIpAddress": {"aws:SourceIp": ["127.0.0.0/8", "::1/128"]}})})
    root.describe_vault(vaultName="conditional")
    root.set_vault_access_policy(vaultName="conditional", policy={"Policy": policy(
        "Deny", "glacier:*", "conditional", "*", {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}})})
    denied("from another network", root.describe_vault, vaultName="conditional")
    root.delete_vault_access_policy(vaultName="conditional")
    root.describe_vault(vaultName="conditional")
    ok("conditions: second factor, address")


def lapse():
    root.create_vault(vaultName="lapse")
    lock = policy("Deny", "glacier:DescribeVault", "lapse", "*")
    good, said = cli(ROOT, "glacier", "initiate-vault-lock", "--account-id", "-", "--vault-name", "lapse", "--policy", json.dumps({"Policy": lock}))
    true("initiate by the CLI: " + said, good)
    lock_id = json.loads(said)["lockId"]
    denied("locked on trial", root.describe_vault, vaultName="lapse")
    control("/stop")
    control("/pass?seconds=%d" % (DAY - 600))
    control("/start")
    denied("almost a day later", root.describe_vault, vaultName="lapse")
    control("/stop")
    control("/pass?seconds=%d" % 600)
    control("/start")
    root.describe_vault(vaultName="lapse")
    denied("no lock any more", root.get_vault_lock, code="ResourceNotFoundException", vaultName="lapse")
    denied("its id is dead", root.complete_vault_lock, code="ResourceNotFoundException", vaultName="lapse", lockId=lock_id)
    good, said = cli(ROOT, "glacier", "initiate-vault-lock", "--account-id", "-", "--vault-name", "lapse", "--policy", json.dumps({"Policy": lock}))
    true("a new one: " + said, good)
    root.abort_vault_lock(vaultName="lapse")
    root.abort_vault_lock(vaultName="lapse")
    root.describe_vault(vaultName="lapse")
    ok("a lock that nobody completes lapses, over restarts")


def budgets():
    same("no retrieval policy", root.get_data_retrieval_policy()["Policy"], {"Rules": [{"Strategy": "None"}]})
    root.set_data_retrieval_policy(Policy={"Rules": [{"Strategy": "BytesPerHour", "BytesPerHour": 1}]})
    root.create_vault(vaultName="budget")
    archive = root.upload_archive(vaultName="budget", body=b"12345")["archiveId"]
    job = {"Type": "archive-retrieval", "ArchiveId": archive}
    denied("more than a byte an hour", root.initiate_job, code="PolicyEnforcedException", vaultName="budget", jobParameters=job)
    root.initiate_job(vaultName="budget", jobParameters=dict(job, Tier="Bulk"))
    root.set_data_retrieval_policy(Policy={"Rules": [{"Strategy": "None"}]})
    root.initiate_job(vaultName="budget", jobParameters=job)
    same("no units", root.list_provisioned_capacity()["ProvisionedCapacityList"], [])
    bought = [root.purchase_provisioned_capacity()["capacityId"] for _ in range(2)]
    denied("a third unit", root.purchase_provisioned_capacity, code="LimitExceededException")
    same("units", [u["CapacityId"] for u in root.list_provisioned_capacity()["ProvisionedCapacityList"]], bought)
    good, said = cli(ROOT, "glacier", "list-provisioned-capacity", "--account-id", "-")
    true("units, by the CLI: " + said, good and bought[0] in said)
    control("/pass?seconds=%d" % (32 * DAY))
    same("units after a month", root.list_provisioned_capacity()["ProvisionedCapacityList"], [])
    ok("retrieval policy and provisioned capacity")


def iam_by_the_cli():
    good, said = cli(ROOT, "iam", "create-user", "--user-name", "cli.user")
    true("create-user: " + said, good)
    good, said = cli(ROOT, "iam", "create-access-key", "--user-name", "cli.user")
    true("create-access-key: " + said, good)
    key = json.loads(said)["AccessKey"]
    good, said = cli(ROOT, "iam", "attach-user-policy", "--user-name", "cli.user", "--policy-arn", "arn:aws:iam::aws:policy/AmazonGlacierFullAccess")
    true("attach-user-policy: " + said, good)
    good, said = cli((key["AccessKeyId"], key["SecretAccessKey"]), "glacier", "list-vaults", "--account-id", "-")
    true("list-vaults: " + said, good)
    good, said = cli((key["AccessKeyId"], key["SecretAccessKey"]), "iam", "list-users")
    true("list-users is denied: " + said, not good and "(AccessDenied)" in said)
    good, said = cli(ROOT, "iam", "list-users", "--query", "Users[].UserName")
    true("list-users: " + said, good and json.loads(said) == ["ann", "cli.user"])
    good, said = cli(ROOT, "iam", "delete-user", "--user-name", "cli.user")
    true("delete-user with keys: " + said, not good and "(DeleteConflict)" in said)
    ok("aws iam")


def session():
    users()
    iam_by_the_cli()
    cross_account()
    worm()
    legal_hold()
    conditions()
    lapse()
    budgets()


run(session)
