namespace IntegrationHub.Simulators.Kingdee;

/// <summary>The forms that the simulated site has, with the fields that live sites are known to have.</summary>
internal static class KingdeeTables
{
    public static IEnumerable<KingdeeTable> Create() =>
    [
        new("BD_Customer", "FCUSTID", ["FNumber", "FName", "FShortName", "FTEL", "FADDRESS", "FINVOICETITLE", "FTAXREGISTERCODE", "FCreateOrgId.FNumber", "FUseOrgId.FNumber", "FTRADINGCURRID.FNumber", "FDocumentStatus", "FForbidStatus", "FCreateDate", "FModifyDate"]),
        new("BD_CommonContact", "FCONTACTID", ["FNumber", "FName", "FTel", "FMobile", "FEmail", "FCompanyType", "FCompany.FNumber", "FDocumentStatus", "FForbidStatus", "FModifyDate"]),
        new("BD_MATERIAL", "FMATERIALID", ["FNumber", "FName", "FSpecification", "FBaseUnitId.FNumber", "FDocumentStatus", "FForbidStatus", "FModifyDate"]),
        new("SAL_SaleOrder", "FID", ["FBillNo", "FDate", "FSaleOrgId.FNumber", "FCustId.FNumber", "FCustId.FName", "FSalerId.FNumber", "FBillTypeID.FNumber", "FSettleCurrId.FCODE", "FBillAllAmount", "FDocumentStatus", "FCloseStatus", "FCancelStatus", "FModifyDate"],
            "FSaleOrderEntry", "FSaleOrderEntry_FEntryID", ["FMaterialId.FNumber", "FMaterialId.FName", "FUnitID.FNumber", "FQty", "FPrice", "FTaxPrice", "FEntryTaxRate", "FAllAmount", "FDeliveryDate"]),
        new("SAL_OUTSTOCK", "FID", ["FBillNo", "FDate", "FCustomerID.FNumber", "FSaleOrgId.FNumber", "FStockOrgId.FNumber", "FDocumentStatus", "FCancelStatus", "FModifyDate"],
            "FEntity", "FEntity_FENTRYID", ["FMaterialID.FNumber", "FMaterialID.FName", "FStockID.FNumber", "FUnitID.FNumber", "FRealQty", "FLot.FNumber", "FSrcBillNo"]),
        new("AR_receivable", "FID", ["FBillNo", "FDATE", "FENDDATE_H", "FCUSTOMERID.FNumber", "FSettleOrgId.FNumber", "FCURRENCYID.FCODE", "FALLAMOUNTFOR", "FDOCUMENTSTATUS", "FModifyDate"],
            "FEntityDetail", "FEntityDetail_FENTRYID", ["FIVALLAMOUNTFOR", "FRECEIVEAMOUNT", "FNORECEIVEAMOUNT", "FWRITTENOFFAMOUNT"]),
        new("AR_RECEIVEBILL", "FID", ["FBillNo", "FDATE", "FCONTACTUNITTYPE", "FCONTACTUNIT.FNumber", "FCURRENCYID.FCODE", "FRECAMOUNT", "FDOCUMENTSTATUS", "FModifyDate"]),
        new("STK_Inventory", "FID", ["FStockOrgId.FNumber", "FStockId.FNumber", "FStockId.FName", "FMaterialId.FNumber", "FMaterialId.FName", "FLot.FNumber", "FBaseQty", "FExpiryDate"]),
    ];

    /// <summary>Fields that Save insists on.</summary>
    public static IReadOnlyList<string> Required(string form) => form switch
    {
        "BD_Customer" => ["FName", "FCreateOrgId", "FTRADINGCURRID"],
        "SAL_SaleOrder" => ["FBillTypeID", "FDate", "FSaleOrgId", "FCustId"],
        _ => [],
    };

    /// <summary>Fields that must lead to something.</summary>
    public static IReadOnlyList<(string Field, string Form)> References(string form) => form == "SAL_SaleOrder" ? [("FCustId.FNumber", "BD_Customer")] : [];
}
