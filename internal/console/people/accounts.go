package people

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"

	"firn/internal/console/frame"
	"firn/internal/iam"
)

// An accountList is what is shown of the server's accounts, to who manages
// them.
type accountList struct {
	Accounts    []iam.Account
	After, Next string
	Own         string
	Proposal    string // a number that is free, by all odds
	MayCreate   bool
	MayDelete   bool
}

// managesAccounts reports whether the caller may see all accounts of the
// server.
func managesAccounts(c *frame.Call) bool {
	return c.Caller.Account == c.Config.Management && c.May("iam:ListAccounts")
}

// accounts lists them.
func accounts(c *frame.Call) (*accountList, error) {
	list := &accountList{
		After: c.Query.Get("account-after"), Own: string(c.Caller.Account),
		MayCreate: c.May("iam:CreateAccount"), MayDelete: c.May("iam:DeleteAccount"),
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1e12))
	if err != nil {
		return nil, fmt.Errorf("propose an account's number: %w", err)
	}
	list.Proposal = fmt.Sprintf("%012d", n)
	var accounts iam.ListAccountsResult
	if err := c.Iam("ListAccounts", &accounts, "MaxItems", strconv.Itoa(usersOnPage), "Marker", list.After); err != nil {
		return nil, err
	}
	list.Accounts, list.Next = accounts.Accounts.Member, accounts.Marker
	return list, nil
}

func accountCommands() []frame.Command {
	return []frame.Command{
		{Does: "List accounts, with Firn's own program", Text: "firn account list"},
		{Does: "Create one", Text: "firn account create NUMBER --name NAME"},
	}
}

// createAccount makes an account and shows its root key. The form proposes a
// number, so that sending it twice makes one account.
func createAccount(c *frame.Call) error {
	number := strings.TrimSpace(c.Form.Get("account"))
	if number == "" {
		return usersAgain(c, frame.Refuse(http.StatusBadRequest, "An account needs a number."))
	}
	var made iam.CreateAccountResult
	if err := c.Iam("CreateAccount", &made, "AccountId", number, "AccountName", c.Form.Get("account-name")); err != nil {
		return usersAgain(c, err)
	}
	return showSecret(c, newSecret{
		Of: "the root of account " + made.Account.AccountID, Back: frame.Root + "users", BackTo: "the users and accounts",
		ID: made.AccessKey.AccessKeyID, Secret: made.AccessKey.SecretAccessKey,
	})
}

// deleteAccount deletes an account whose number was typed.
func deleteAccount(c *frame.Call) error {
	number := strings.TrimSpace(c.Form.Get("account"))
	if number == "" {
		return usersAgain(c, frame.Refuse(http.StatusBadRequest, "Type the number of the account to delete."))
	}
	if err := c.Iam("DeleteAccount", nil, "AccountId", number); err != nil {
		return usersAgain(c, err)
	}
	return c.Done(frame.Root+"users", "The account %s is deleted.", number)
}
