"""The code of the Lambda functions, and the contract they share with the infrastructure."""
