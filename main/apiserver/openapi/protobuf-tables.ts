/**
 * The protobuf form of OpenAPI documents (gnostic's openapi.v2 and openapi.v3 packages), as far as our documents need it. One
 * message a line: `Name field…`, a field being `json:number:type`:
 * - `s` string, `b` boolean, `[s` strings, `A` any value as YAML text, `D` a default value (number 1, boolean 2, string 3).
 * - a message name; `[Name` a list of them; `{Name` an object's members as NamedName (name 1, value 2).
 * - json `*` is the object itself; `x-` is its members whose names start so.
 * `Name?` is a choice: the first field whose condition `json` holds; conditions are `$ref`, `in=body`, `boolean`, `else`.
 */
export const openApiV2Table = `
Document swagger:1:s info:2:Info paths:8:Paths definitions:9:Definitions parameters:10:ParameterDefinitions security:12:[SecurityRequirement securityDefinitions:13:SecurityDefinitions
Info title:1:s version:2:s
Paths *:2:{PathItem
PathItem get:2:Operation put:3:Operation post:4:Operation delete:5:Operation options:6:Operation head:7:Operation patch:8:Operation parameters:9:[ParametersItem x-:10:{Any
Operation tags:1:[s description:3:s operationId:5:s produces:6:[s consumes:7:[s parameters:8:[ParametersItem responses:9:Responses schemes:10:[s x-:13:{Any
ParametersItem? $ref:2:JsonReference else:1:Parameter
Parameter? in=body:1:BodyParameter else:2:NonBodyParameter
NonBodyParameter? in=path:4:PathParameter else:3:QueryParameter
BodyParameter description:1:s name:2:s in:3:s required:4:b schema:5:Schema
QueryParameter required:1:b in:2:s description:3:s name:4:s type:6:s uniqueItems:20:b
PathParameter required:1:b in:2:s description:3:s name:4:s type:5:s uniqueItems:19:b
JsonReference $ref:1:s
Responses *:1:{ResponseValue
ResponseValue? $ref:2:JsonReference else:1:Response
Response description:1:s schema:2:SchemaItem
SchemaItem *:1:Schema
Definitions *:1:{Schema
ParameterDefinitions *:1:{Parameter
Schema $ref:1:s format:2:s description:4:s default:5:A pattern:13:s minimum:9:d maximum:7:d required:19:[s enum:20:[A additionalProperties:21:AdditionalPropertiesItem type:22:TypeItem items:23:ItemsItem allOf:24:[Schema properties:25:Properties x-:31:{Any
AdditionalPropertiesItem? boolean:2:b else:1:Schema
TypeItem *:1:s
ItemsItem *:1:Schema
Properties *:1:{Schema
SecurityDefinitions *:1:{SecurityDefinitionsItem
SecurityDefinitionsItem *:2:ApiKeySecurity
ApiKeySecurity type:1:s name:2:s in:3:s description:4:s
SecurityRequirement *:1:{StringArray
StringArray *:1:[s
`;

export const openApiV3Table = `
Document openapi:1:s info:2:Info paths:4:Paths components:5:Components
Info title:1:s version:6:s
Paths *:1:{PathItem
PathItem get:4:Operation put:5:Operation post:6:Operation delete:7:Operation options:8:Operation head:9:Operation patch:10:Operation parameters:13:[ParameterOrReference x-:14:{Any
Operation tags:1:[s description:3:s operationId:5:s parameters:6:[ParameterOrReference requestBody:7:RequestBodyOrReference responses:8:Responses x-:13:{Any
ParameterOrReference? $ref:2:Reference else:1:Parameter
Parameter name:1:s in:2:s description:3:s required:4:b schema:10:SchemaOrReference
Reference $ref:1:s
RequestBodyOrReference? $ref:2:Reference else:1:RequestBody
RequestBody description:1:s content:2:MediaTypes required:3:b
MediaTypes *:1:{MediaType
MediaType schema:1:SchemaOrReference
Responses *:2:{ResponseOrReference
ResponseOrReference? $ref:2:Reference else:1:Response
Response description:1:s content:3:MediaTypes
SchemaOrReference? $ref:2:Reference else:1:Schema
Components schemas:1:Schemas securitySchemes:7:SecuritySchemes
Schemas *:1:{SchemaOrReference
SecuritySchemes *:1:{SecuritySchemeOrReference
SecuritySchemeOrReference? $ref:2:Reference else:1:SecurityScheme
SecurityScheme type:1:s description:2:s name:3:s in:4:s
Schema nullable:1:b maximum:11:d minimum:13:d pattern:17:s uniqueItems:20:b required:23:[s enum:24:[A type:25:s allOf:26:[SchemaOrReference oneOf:27:[SchemaOrReference anyOf:28:[SchemaOrReference items:30:ItemsItem properties:31:Properties additionalProperties:32:AdditionalPropertiesItem default:33:D description:34:s format:35:s x-:36:{Any
ItemsItem *:1:SchemaOrReference
Properties *:1:{SchemaOrReference
AdditionalPropertiesItem? boolean:2:b else:1:SchemaOrReference
`;
