print("keyvault")
