#!/usr/bin/env bash
# A session with the AWS CLI, version 2. Takes ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and FIRN_TAR from the
# environment, prints a line for each thing that holds, and exits 1 at the first difference.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Nothing of the user's own configuration, and no address but ENDPOINT.
export HOME=$work AWS_CONFIG_FILE=$work/config AWS_SHARED_CREDENTIALS_FILE=$work/credentials
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER="" AWS_CLI_AUTO_PROMPT=off LC_ALL=C.UTF-8 PYTHONUTF8=1
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN

# Debian's own, should another be earlier on the path.
cli=/usr/bin/aws
[[ -x $cli ]] || cli=aws

mib=1048576
vault=awscli.session other=awscli.other kept=awscli.kept

aws_glacier() { "$cli" --endpoint-url "$ENDPOINT" --region "$AWS_REGION" --output text glacier "$@"; }

# glacier OPERATION ARGUMENTS...: the answer as text.
glacier() { aws_glacier "$1" --account-id - "${@:2}"; }

# wait_until CONDITION VAULT
wait_until() { aws_glacier wait "$1" --account-id - --vault-name "$2"; }

ok() { echo "ok $*"; }

different() {
  echo "DIFFERENT $*" >&2
  exit 1
}

same() { [[ $2 == "$3" ]] || different "$1: got ${2:0:400}, want ${3:0:400}"; }

same_file() { cmp -s "$2" "$3" || different "$1: $(cmp "$2" "$3" 2>&1)"; }

# refused WHAT CODE MESSAGE OPERATION ARGUMENTS...: an empty message stands for any.
refused() {
  local what=$1 code=$2 message=$3 text
  shift 3
  if text=$(glacier "$@" 2>&1); then different "$what: not refused"; fi
  [[ $text == *"An error occurred ($code) when calling"*": $message"* ]] || different "$what: got $text, want $code: $message"
}

tree_hash() { /usr/bin/python3 "$here/treehash.py" "$1"; }

# slice FILE FIRST LAST: those bytes of the file.
slice() { tail -c +$(($2 + 1)) "$1" | head -c $(($3 - $2 + 1)) || true; }

# meanwhile COMMAND...: starts the command; together: waits for all that were started, and fails if one of them did.
started=()
meanwhile() {
  "$@" &
  started+=($!)
}
together() {
  local pid
  for pid in "${started[@]}"; do wait "$pid" || exit 1; done
  started=()
}

lines() { tr '\t' '\n' | grep -v '^None$' || true; }

# --- vaults ---------------------------------------------------------------------------------------------------------------------

location=$(glacier create-vault --vault-name $vault --query location)
account=$(cut -d/ -f2 <<<"$location")
[[ $account =~ ^[0-9]{12}$ ]] || different "account in $location"
same location "$location" "/$account/vaults/$vault"
arn() { echo "arn:aws:glacier:$AWS_REGION:$account:vaults/$1"; }
wait_until vault-exists $vault
created=$(glacier describe-vault --vault-name $vault --query CreationDate)
same "second location" "$(glacier create-vault --vault-name $vault --query location)" "$location"
fields='[VaultName,VaultARN,NumberOfArchives,SizeInBytes,LastInventoryDate,CreationDate]'
same "described vault" "$(glacier describe-vault --vault-name $vault --query "$fields")" \
  "$vault"$'\t'"$(arn $vault)"$'\t0\t0\tNone\t'"$created"
[[ $created =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z$ ]] || different "CreationDate $created"
ok "create a vault, twice, describe it, wait vault-exists"

meanwhile glacier create-vault --vault-name $other >/dev/null
meanwhile glacier create-vault --vault-name $kept >/dev/null
together
mine=$kept$'\n'$other$'\n'$vault
same "vaults by pages of 1" "$(glacier list-vaults --page-size 1 --query 'VaultList[].VaultName' | lines | grep '^awscli\.')" "$mine"
same "vaults by one page" "$(glacier list-vaults --no-paginate --marker "$(arn $kept)" --limit 1 --query 'VaultList[].VaultName' | lines)" $other
ok "list vaults by pages, and from a marker"

glacier add-tags-to-vault --vault-name $vault --tags '{"colour":"blue","Größe":"XL","empty":""}'
glacier remove-tags-from-vault --vault-name $vault --tag-keys empty never
same tags "$(glacier list-tags-for-vault --vault-name $vault --query 'Tags.[colour,"Größe",empty]')" $'blue\tXL\tNone'
ok "add, remove and list tags"

# --- uploads --------------------------------------------------------------------------------------------------------------------

# The book: id, size, tree hash and description of each archive, in the order of their coming.
ids=() files=() hashes=() texts=()

# keep FILE DESCRIPTION ANSWER: enters an archive after looking at what the answer says of it.
keep() {
  local hash id
  hash=$(tree_hash "$1")
  IFS=$'\t' read -r id checksum location <<<"$3"
  [[ $id =~ ^[A-Za-z0-9_][A-Za-z0-9_-]{137}$ ]] || different "archive id $id"
  same "checksum of $1" "$checksum" "$hash"
  same "location of $1" "$location" "/$account/vaults/$vault/archives/$id"
  ids+=("$id") files+=("$1") hashes+=("$hash") texts+=("$2")
}

answer='[archiveId,checksum,location]'
upload() {
  keep "$1" "$2" "$(glacier upload-archive --vault-name $vault --body "$1" --archive-description "$2" --query "$answer")"
}

slice "$FIRN_TAR" 0 0 >one
slice "$FIRN_TAR" 77 $((mib + 77)) >odd
upload "$FIRN_TAR" 'the Go tree, "src",  with \ and '"'quotes'"
keep one "" "$(glacier upload-archive --vault-name $vault --body one --query "$answer")"
upload odd "back\\slash \\\" and end\\"
ok "upload $(stat -Lc %s "$FIRN_TAR") bytes whole, 1 byte, and descriptions with quotes and backslashes"

wrong=$(printf '0%.0s' {1..64})
: >empty
meanwhile refused "wrong tree hash" InvalidParameterValueException "Checksum mismatch: expected $wrong, computed $(tree_hash one)" \
  upload-archive --vault-name $vault --body one --checksum "$wrong"
meanwhile refused "no bytes" InvalidParameterValueException "Invalid Content-Length: 0" upload-archive --vault-name $vault --body empty
meanwhile refused "missing vault" ResourceNotFoundException "Vault not found for ARN: $(arn awscli.none)" upload-archive --vault-name awscli.none --body one
together
ok "uploads refused: wrong tree hash, no bytes, missing vault"

# part UPLOAD FILE FIRST LAST: bytes first..last of the file.
part() {
  local piece
  piece=$(mktemp -p "$work")
  slice "$2" "$3" "$4" >"$piece"
  same "checksum of part $3-$4" "$(tree_hash "$piece")" \
    "$(glacier upload-multipart-part --vault-name $vault "--upload-id=$1" --body "$piece" --range "bytes $3-$4/*" --query checksum)"
  rm "$piece"
}

size=$((3 * mib + mib / 2 + 3))
slice "$FIRN_TAR" $((9 * mib + 11)) $((9 * mib + 11 + size - 1)) >parts
whole=$(tree_hash parts)
id=$(glacier initiate-multipart-upload --vault-name $vault --part-size $mib --archive-description "in  parts" --query uploadId)
[[ $id =~ ^[A-Za-z0-9_][A-Za-z0-9_-]{91}$ ]] || different "upload id $id"
part "$id" "$FIRN_TAR" $mib $((2 * mib - 1)) # other bytes, sent again below
meanwhile part "$id" parts $((3 * mib)) $((size - 1))
meanwhile part "$id" parts $mib $((2 * mib - 1))
together
meanwhile part "$id" parts $((2 * mib)) $((3 * mib - 1))
meanwhile part "$id" parts 0 $((mib - 1))
together
for at in 0 1 2 3; do
  last=$(((at + 1) * mib < size ? (at + 1) * mib - 1 : size - 1))
  slice parts $((at * mib)) $last >piece
  printf '%d-%d\t%s\n' $((at * mib)) $last "$(tree_hash piece)"
done >parts.want
glacier list-parts --vault-name $vault "--upload-id=$id" --page-size 3 --query 'Parts[].[RangeInBytes,SHA256TreeHash]' | grep -v '^None' >parts.got
same_file "parts by pages of 3" parts.got parts.want
meanwhile refused "part off its place" InvalidParameterValueException "Invalid Content-Range: bytes 1-1/*" \
  upload-multipart-part --vault-name $vault "--upload-id=$id" --body one --range "bytes 1-1/*"
meanwhile refused "complete with the wrong tree hash" InvalidParameterValueException "Invalid x-amz-sha256-tree-hash: $wrong" \
  complete-multipart-upload --vault-name $vault "--upload-id=$id" --archive-size $size --checksum "$wrong"
together
complete() { glacier complete-multipart-upload --vault-name $vault "--upload-id=$id" --archive-size $size --checksum "$whole" --query "$answer"; }
keep parts "in  parts" "$(complete)"
same "second complete" "$(complete | cut -f1)" "${ids[3]}"
refused "parts of a completed upload" ResourceNotFoundException "The upload ID was not found: $id" list-parts --vault-name $vault "--upload-id=$id"
ok "parts of 1 MiB out of order, one replaced; list parts; complete wrongly, rightly, twice"

size=$((20 * mib + 5)) eight=$((8 * mib))
slice "$FIRN_TAR" 5 $((size + 4)) >big
whole=$(tree_hash big)
id=$(glacier initiate-multipart-upload --vault-name $vault --part-size $eight --query uploadId)
meanwhile part "$id" big $((2 * eight)) $((size - 1))
meanwhile part "$id" big 0 $((eight - 1))
meanwhile part "$id" big $eight $((2 * eight - 1))
together
keep big "" "$(complete)"
ok "parts of 8 MiB, three at a time"

for _ in 1 2; do meanwhile glacier initiate-multipart-upload --vault-name $vault --part-size $mib --query uploadId >>uploads; done
together
uploads() { glacier list-multipart-uploads --vault-name $vault --page-size 1 --query 'UploadsList[].MultipartUploadId' | lines | sort; }
same "uploads by pages of 1" "$(uploads)" "$(sort uploads)"
gone=$(head -1 uploads) left=$(tail -1 uploads)
glacier abort-multipart-upload --vault-name $vault "--upload-id=$gone"
glacier abort-multipart-upload --vault-name $vault "--upload-id=$gone"
same "uploads after an abort" "$(uploads)" "$left"
refused "part size of 10 MiB" InvalidParameterValueException \
  "Invalid part size: 10485760. Part size must not be null, must be a power of two and be between 1048576 and 4294967296 bytes." \
  initiate-multipart-upload --vault-name $vault --part-size 10485760
ok "list multipart uploads by pages, abort one twice"

# --- jobs -----------------------------------------------------------------------------------------------------------------------

# job PARAMETERS: starts a job, waits until it has succeeded, prints its id.
job() {
  local id
  id=$(glacier initiate-job --vault-name $vault --job-parameters "$1" --query jobId)
  for _ in {1..60}; do
    case $(glacier describe-job --vault-name $vault "--job-id=$id" --query '[Completed,StatusCode]') in
    $'True\tSucceeded') echo "$id" && return ;;
    $'True\t'*) different "job $1 failed" ;;
    esac
    sleep 0.2
  done
  different "job $1: not within 60 polls"
}

# output JOB FIELDS FILE [RANGE]: those fields of the answer; the output goes to the file.
output() {
  glacier get-job-output --vault-name $vault "--job-id=$1" ${4:+--range "$4"} --query "$2" "$3"
}

described='[Action,ArchiveId,ArchiveSizeInBytes,RetrievalByteRange,SHA256TreeHash,ArchiveSHA256TreeHash,Tier,JobDescription]'
size=$(stat -Lc %s "$FIRN_TAR")
id=$(job '{"Type":"archive-retrieval","ArchiveId":"'"${ids[0]}"'","Description":"a \"whole\" tar","Tier":"Bulk"}')
same "described job" "$(glacier describe-job --vault-name $vault "--job-id=$id" --query "$described")" \
  "ArchiveRetrieval"$'\t'"${ids[0]}"$'\t'"$size"$'\t'"0-$((size - 1))"$'\t'"${hashes[0]}"$'\t'"${hashes[0]}"$'\tBulk\ta "whole" tar'
same "answer for the whole" "$(output "$id" '[status,checksum,contentType,acceptRanges,contentRange,archiveDescription]' out)" \
  "200"$'\t'"${hashes[0]}"$'\tapplication/octet-stream\tbytes\tNone\t'"${texts[0]}"
same_file "retrieved tar" out "$FIRN_TAR"
ok "retrieve $size bytes whole"

# span FIRST LAST CHECKSUM: yes if the answer must have one.
span() {
  local last=$(($2 < size ? $2 : size - 1)) checksum=None
  slice "$FIRN_TAR" "$1" $last >"want.$1"
  [[ $3 == no ]] || checksum=$(tree_hash "want.$1")
  same "answer for $1-$2" "$(output "$id" '[status,contentRange,checksum]' "out.$1" "bytes=$1-$2")" \
    "206"$'\t'"bytes $1-$last/$size"$'\t'"$checksum"
  same_file "bytes $1-$2" "out.$1" "want.$1"
}
meanwhile span $((64 * mib)) $((128 * mib - 1)) yes
meanwhile span 0 $((size - 1)) yes
meanwhile span $((mib)) $((3 * mib - 1)) no
meanwhile span $((size - 10)) $((size + 1000)) no
meanwhile refused "range past the end" InvalidParameterValueException \
  "The start of the range is larger than size of retrieved data: bytes=$size-$((size + 1))" \
  get-job-output --vault-name $vault "--job-id=$id" --range "bytes=$size-$((size + 1))" out
together
ok "ranges, checksums on exactly the aligned ones"

meanwhile job '{"Type":"archive-retrieval","ArchiveId":"'"${ids[3]}"'","RetrievalByteRange":"1048576-2097151"}' >aligned
meanwhile job '{"Type":"archive-retrieval","ArchiveId":"'"${ids[3]}"'","RetrievalByteRange":"1048576-3145727"}' >unaligned
together
slice parts $mib $((2 * mib - 1)) >want
same "answer for an aligned retrieval" "$(output "$(cat aligned)" '[status,checksum]' out)" "200"$'\t'"$(tree_hash want)"
same_file "aligned retrieval" out want
slice parts $mib $((3 * mib - 1)) >want
same "answer for an unaligned retrieval" "$(output "$(cat unaligned)" '[status,checksum]' out)" $'200\tNone'
same_file "unaligned retrieval" out want
refused "retrieval off the MiB" InvalidParameterValueException "" \
  initiate-job --vault-name $vault --job-parameters '{"Type":"archive-retrieval","ArchiveId":"'"${ids[3]}"'","RetrievalByteRange":"1-9"}'
ok "ranged retrievals, aligned and not"

list() { glacier list-jobs --vault-name $vault "$@" --query 'JobList[].JobId' | lines | sort; }
all=$(sort aligned unaligned <(echo "$id"))
meanwhile list --page-size 2 >jobs.all
meanwhile list --completed true --statuscode Succeeded >jobs.done
meanwhile list --statuscode InProgress >jobs.running
together
same "jobs by pages of 2" "$(cat jobs.all)" "$all"
same "completed jobs" "$(cat jobs.done)" "$all"
same "jobs in progress" "$(cat jobs.running)" ""
unknown=-$(printf 'j%.0s' {1..91})
refused "job id with a leading -" ResourceNotFoundException "The job ID was not found: $unknown" describe-job --vault-name $vault "--job-id=$unknown"
ok "list jobs by pages and filters; an unknown id that begins with -"

# --- inventories ----------------------------------------------------------------------------------------------------------------

meanwhile job '{"Type":"inventory-retrieval"}' >json.id
meanwhile job '{"Type":"inventory-retrieval","Format":"CSV"}' >csv.id
meanwhile job '{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":"2"}}' >ranged.id
together
same "answer for an inventory" "$(output "$(cat json.id)" '[status,contentType,checksum]' inventory.json)" $'200\tapplication/json\tNone'
same "answer for a CSV inventory" "$(output "$(cat csv.id)" '[status,contentType,checksum]' inventory.csv)" $'200\ttext/csv\tNone'
same "size of the inventory" "$(glacier describe-job --vault-name $vault "--job-id=$(cat json.id)" --query InventorySizeInBytes)" "$(stat -c %s inventory.json)"
for n in "${!ids[@]}"; do
  printf '%s\n%s\n%s\n%s\n' "${ids[n]}" "${texts[n]}" "$(stat -Lc %s "${files[n]}")" "${hashes[n]}"
done >inventory.want
/usr/bin/python3 - inventory.json >inventory.got <<'PYTHON'
import json, sys
for a in json.load(open(sys.argv[1]))["ArchiveList"]:
    print(a["ArchiveId"], a["ArchiveDescription"], a["Size"], a["SHA256TreeHash"], sep="\n")
PYTHON
same_file "inventory" inventory.got inventory.want
/usr/bin/python3 "$here/inventory.py" inventory.csv inventory.json || different "CSV inventory"
next=$(glacier describe-job --vault-name $vault "--job-id=$(cat ranged.id)" --query InventoryRetrievalParameters.Marker)
output "$(cat ranged.id)" status page1.json >/dev/null
id=$(job '{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":"100","Marker":"'"$next"'"}}')
output "$id" status page2.json >/dev/null
same "inventory by two pages" "$(cat page1.json page2.json | grep -o '"ArchiveId":"[^"]*"' | cut -d'"' -f4)" "$(printf '%s\n' "${ids[@]}")"
ok "inventories in JSON and CSV, and by Limit and Marker, ${#ids[@]} archives"

# --- refusals and the end -------------------------------------------------------------------------------------------------------

meanwhile refused "missing vault" ResourceNotFoundException "Vault not found for ARN: $(arn awscli.none)" describe-vault --vault-name awscli.none
meanwhile refused "another vault's archive" InvalidParameterValueException "Invalid vault name: $(arn $other)" \
  delete-archive --vault-name $other "--archive-id=${ids[1]}"
meanwhile refused "vault with archives" InvalidParameterValueException "Vault not empty or recently written to: $(arn $vault)" delete-vault --vault-name $vault
AWS_SECRET_ACCESS_KEY=wrong meanwhile refused "wrong secret" InvalidSignatureException "" describe-vault --vault-name $vault
together
ok "errors: missing vault, another vault's archive, full vault, secret"

for id in "${ids[@]}"; do meanwhile glacier delete-archive --vault-name $vault "--archive-id=$id"; done
together
glacier delete-archive --vault-name $vault "--archive-id=${ids[0]}"
refused "job for a deleted archive" ResourceNotFoundException "The archive ID was not found: ${ids[1]}" \
  initiate-job --vault-name $vault --job-parameters '{"Type":"archive-retrieval","ArchiveId":"'"${ids[1]}"'"}'
output "$(cat aligned)" status out >/dev/null
slice parts $mib $((2 * mib - 1)) >want
same_file "output of a deleted archive" out want
glacier delete-vault --vault-name $vault
glacier delete-vault --vault-name $other
glacier delete-vault --vault-name $vault
wait_until vault-not-exists $vault
ok "delete archives, one twice; finished output stays; delete vaults, one twice; wait vault-not-exists"

glacier upload-archive --vault-name $kept --body big --archive-description kept >/dev/null
ok "leave a vault with an archive"
