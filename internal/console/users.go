package console

import (
	"net/http"

	"firn/internal/iam"
)

// showUsers lists the account's users.
func showUsers(c *call) error {
	var list iam.ListUsersResult
	if err := c.ask(action{service: "iam", version: iam.Version, name: "ListUsers"}, &list); err != nil {
		return err
	}
	return c.render(http.StatusOK, "users", page{
		Title: "Users", Tab: "users", Data: list,
		Commands: []command{awsCommand("List users", "iam", "list-users")},
	})
}
