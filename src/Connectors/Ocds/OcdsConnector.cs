namespace IntegrationHub.Connectors.Ocds;
